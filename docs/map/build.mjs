// Builds land.geojson and borders.geojson from world-atlas (Natural Earth 1:10m).
// npm i world-atlas@2 topojson-client@3 topojson-simplify@3 && node build-map.mjs <output folder>
import fs from "node:fs";
import { createRequire } from "node:module";
import { mesh, merge } from "topojson-client";
import { presimplify, simplify, planarTriangleArea } from "topojson-simplify";

const world = JSON.parse(fs.readFileSync(createRequire(import.meta.url).resolve("world-atlas/countries-10m.json")));
// Full detail in southern Africa, coarse elsewhere; arcs are shared, so no gaps between the two.
const near = ([x, y]) => x > 8 && x < 42 && y > -38 && y < -14;
const kept = simplify(
  presimplify(world, t => planarTriangleArea(t) * (near(t[1]) ? 1000 : 1)), 0.006);
const ringArea = r => Math.abs(r.reduce((s, p, i) => { const q = r[(i + 1) % r.length]; return s + p[0] * q[1] - q[0] * p[1]; }, 0) / 2);
const round = p => p.map(c => Math.round(c * 1000) / 1000);
// A coast that crosses the date line goes on past 180 degrees instead of back round the world; only Antarctica goes round.
const whole = ring => {
  let turn = 0;
  return ring[0][1] < -60 ? ring : ring.map(([x, y], i) => {
    if (i && Math.abs(x - ring[i - 1][0]) > 180) turn += x < ring[i - 1][0] ? 360 : -360;
    return [x + turn, y];
  });
};
const tidy = line => line.map(round).filter((p, i, a) => !i || p[0] !== a[i - 1][0] || p[1] !== a[i - 1][1]);
const land = merge(kept, kept.objects.countries.geometries).coordinates
  .filter(p => ringArea(p[0]) > (near(p[0][0]) ? 0.00001 : 0.02))
  .map(p => p.filter((r, i) => !i || ringArea(r) > 0.05).map(r => tidy(whole(r))));
const borders = mesh(kept, kept.objects.countries, (a, b) => a !== b).coordinates.map(tidy).filter(l => l.length > 1);
const write = (name, geometry) => fs.writeFileSync(`${process.argv[2]}/${name}`,
  JSON.stringify({ type: "Feature", properties: {}, geometry }));
write("land.geojson", { type: "MultiPolygon", coordinates: land });
write("borders.geojson", { type: "MultiLineString", coordinates: borders });
