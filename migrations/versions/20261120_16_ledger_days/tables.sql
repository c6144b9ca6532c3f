-- What the models say.
CREATE TABLE ledger_days (
    currency TEXT NOT NULL,
    day TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    entries BIGINT NOT NULL,
    gross_minor BIGINT NOT NULL,
    commission_minor BIGINT NOT NULL,
    CONSTRAINT pk_ledger_days PRIMARY KEY (currency, day, kind, source),
    CONSTRAINT ck_ledger_days_kind CHECK (kind IN ('sale', 'refund', 'adjustment', 'payout')),
    CONSTRAINT ck_ledger_days_source CHECK (source IN ('booking', 'order', 'event', 'subscription'))
);
