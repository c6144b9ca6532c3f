DROP INDEX ix_tickets_created, ix_tickets_answered, ix_tickets_resolved;
CREATE INDEX ix_tickets_answered ON tickets (first_responded_at, id);
CREATE INDEX ix_tickets_created ON tickets (created_at, id);
CREATE INDEX ix_tickets_resolved ON tickets (resolved_at, id);
