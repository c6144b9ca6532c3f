-- Identity, people, scheduling, store, money and operations: tables, constraints, indexes.
CREATE SEQUENCE booking_numbers START WITH 10001;

CREATE SEQUENCE order_numbers START WITH 10001;

CREATE TABLE users (
    id UUID DEFAULT new_id() NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    role TEXT NOT NULL,
    phone TEXT,
    avatar_url TEXT,
    time_zone TEXT DEFAULT 'Africa/Johannesburg' NOT NULL,
    locale TEXT DEFAULT 'en-ZA' NOT NULL,
    email_verified_at TIMESTAMP WITH TIME ZONE,
    is_active BOOLEAN DEFAULT true NOT NULL,
    totp_secret TEXT,
    last_sign_in_at TIMESTAMP WITH TIME ZONE,
    erased_at TIMESTAMP WITH TIME ZONE,
    name_folded TEXT GENERATED ALWAYS AS (f_fold(first_name || ' ' || last_name)) STORED NOT NULL,
    search_folded TEXT GENERATED ALWAYS AS (f_fold(first_name || ' ' || last_name || ' ' || email)) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users_role CHECK (role IN ('client', 'practitioner', 'support', 'admin')),
    CONSTRAINT ck_users_email CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND length(email) <= 254),
    CONSTRAINT ck_users_names CHECK (length(first_name) BETWEEN 1 AND 100 AND length(last_name) BETWEEN 1 AND 100)
);

CREATE UNIQUE INDEX uq_users_email ON users (lower(email));

CREATE INDEX ix_users_practitioners ON users (name_folded COLLATE "C", id) WHERE role = 'practitioner';

CREATE INDEX ix_users_role ON users (role, id);

CREATE INDEX ix_users_name ON users (name_folded COLLATE "C", id);

CREATE INDEX ix_users_search ON users USING gin (search_folded gin_trgm_ops);

CREATE TABLE sign_in_attempts (
    id UUID DEFAULT new_id() NOT NULL,
    account_hash BYTEA NOT NULL,
    ip TEXT NOT NULL,
    succeeded BOOLEAN DEFAULT false NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_sign_in_attempts PRIMARY KEY (id)
);

CREATE INDEX ix_sign_in_attempts_account ON sign_in_attempts (account_hash, occurred_at);

CREATE INDEX ix_sign_in_attempts_ip ON sign_in_attempts (ip, occurred_at);

CREATE TABLE ledger_hours (
    currency TEXT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    entries BIGINT NOT NULL,
    gross_minor BIGINT NOT NULL,
    commission_minor BIGINT NOT NULL,
    CONSTRAINT pk_ledger_hours PRIMARY KEY (currency, hour, kind, source),
    CONSTRAINT ck_ledger_hours_kind CHECK (kind IN ('sale', 'refund', 'adjustment', 'payout')),
    CONSTRAINT ck_ledger_hours_source CHECK (source IN ('booking', 'order', 'event', 'subscription'))
);

CREATE TABLE stripe_events (
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    payload JSONB NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    processed_at TIMESTAMP WITH TIME ZONE,
    verdict TEXT,
    error TEXT,
    CONSTRAINT pk_stripe_events PRIMARY KEY (id)
);

CREATE TABLE audit_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    occurred_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    actor_id UUID,
    actor_name TEXT DEFAULT '' NOT NULL,
    action TEXT DEFAULT '' NOT NULL,
    request TEXT DEFAULT '' NOT NULL,
    table_name TEXT NOT NULL,
    row_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    before JSONB,
    after JSONB,
    CONSTRAINT pk_audit_entries PRIMARY KEY (id)
);

CREATE INDEX ix_audit_entries_row ON audit_entries (table_name, row_id, id);

CREATE INDEX ix_audit_entries_actor ON audit_entries (actor_id, occurred_at);

CREATE INDEX ix_audit_entries_when ON audit_entries (occurred_at);

CREATE TABLE form_tokens (
    token TEXT NOT NULL,
    spent_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_form_tokens PRIMARY KEY (token)
);

CREATE INDEX ix_form_tokens_spent ON form_tokens (spent_at);

CREATE TABLE import_batches (
    id UUID DEFAULT new_id() NOT NULL,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status TEXT DEFAULT 'running' NOT NULL,
    rows_read BIGINT DEFAULT 0 NOT NULL,
    rows_skipped BIGINT DEFAULT 0 NOT NULL,
    summary JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_import_batches PRIMARY KEY (id),
    CONSTRAINT ck_import_batches_status CHECK (status IN ('running', 'done', 'undone'))
);

CREATE UNIQUE INDEX uq_import_batches_once ON import_batches (kind, fingerprint) WHERE status <> 'undone';

CREATE TABLE products (
    id UUID DEFAULT new_id() NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    product_type TEXT NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    is_active BOOLEAN DEFAULT true NOT NULL,
    reorder_level BIGINT DEFAULT 0 NOT NULL,
    image_url TEXT,
    on_hand BIGINT DEFAULT 0 NOT NULL,
    allocated BIGINT DEFAULT 0 NOT NULL,
    title_folded TEXT GENERATED ALWAYS AS (f_fold(title)) STORED NOT NULL,
    search_folded TEXT GENERATED ALWAYS AS (f_fold(sku || ' ' || title)) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_products PRIMARY KEY (id),
    CONSTRAINT ck_products_product_type CHECK (product_type IN ('crystal', 'book', 'tool', 'supplement', 'other')),
    CONSTRAINT ck_products_sku CHECK (sku = trim(sku) AND length(sku) BETWEEN 1 AND 64),
    CONSTRAINT ck_products_title CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT ck_products_price CHECK (price_minor >= 0),
    CONSTRAINT ck_products_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_products_reorder_level CHECK (reorder_level >= 0),
    CONSTRAINT ck_products_stock CHECK (on_hand >= 0 AND allocated BETWEEN 0 AND on_hand)
);

CREATE UNIQUE INDEX uq_products_sku ON products (upper(sku));

CREATE INDEX ix_products_search ON products USING gin (search_folded gin_trgm_ops);

CREATE INDEX ix_products_low ON products (id) WHERE is_active AND reorder_level > 0 AND on_hand - allocated <= reorder_level;

CREATE INDEX ix_products_price ON products (price_minor, id);

CREATE INDEX ix_products_title ON products (title_folded COLLATE "C", id);

CREATE TABLE coupons (
    id UUID DEFAULT new_id() NOT NULL,
    code TEXT NOT NULL,
    kind TEXT NOT NULL,
    percent_bps BIGINT,
    amount_minor BIGINT,
    currency TEXT,
    minimum_minor BIGINT DEFAULT 0 NOT NULL,
    max_uses BIGINT,
    max_uses_per_client BIGINT,
    used_count BIGINT DEFAULT 0 NOT NULL,
    valid_from TIMESTAMP WITH TIME ZONE,
    valid_until TIMESTAMP WITH TIME ZONE,
    is_active BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_coupons PRIMARY KEY (id),
    CONSTRAINT ck_coupons_kind CHECK (kind IN ('percent', 'fixed')),
    CONSTRAINT ck_coupons_discount CHECK ((kind = 'percent' AND percent_bps BETWEEN 1 AND 10000 AND amount_minor IS NULL) OR (kind = 'fixed' AND amount_minor > 0 AND currency IS NOT NULL AND percent_bps IS NULL)),
    CONSTRAINT ck_coupons_uses CHECK (used_count >= 0 AND (max_uses IS NULL OR used_count <= max_uses))
);

CREATE UNIQUE INDEX uq_coupons_code ON coupons (upper(code));

CREATE TABLE oauth_accounts (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    provider TEXT NOT NULL,
    provider_account_id TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_oauth_accounts PRIMARY KEY (id),
    CONSTRAINT uq_oauth_accounts_provider_provider_account_id UNIQUE (provider, provider_account_id),
    CONSTRAINT fk_oauth_accounts_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX ix_oauth_accounts_user_id ON oauth_accounts (user_id);

CREATE TABLE sessions (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    user_agent TEXT DEFAULT '' NOT NULL,
    ip TEXT DEFAULT '' NOT NULL,
    last_seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_sessions_user_id ON sessions (user_id);

CREATE TABLE refresh_tokens (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    family UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_refresh_tokens PRIMARY KEY (id),
    CONSTRAINT fk_refresh_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_refresh_tokens_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_refresh_tokens_user_id ON refresh_tokens (user_id);

CREATE INDEX ix_refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE verification_tokens (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_verification_tokens PRIMARY KEY (id),
    CONSTRAINT ck_verification_tokens_purpose CHECK (purpose IN ('verify_email', 'reset_password', 'invite')),
    CONSTRAINT fk_verification_tokens_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_verification_tokens_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_verification_tokens_user_id ON verification_tokens (user_id);

CREATE TABLE consents (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    text_version TEXT NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE,
    details JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_consents PRIMARY KEY (id),
    CONSTRAINT fk_consents_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX ix_consents_user_id ON consents (user_id);

CREATE TABLE subscriptions (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    plan TEXT NOT NULL,
    status TEXT DEFAULT 'inactive' NOT NULL,
    stripe_customer_id TEXT,
    stripe_subscription_id TEXT,
    current_period_end TIMESTAMP WITH TIME ZONE,
    cancel_at_period_end BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_subscriptions PRIMARY KEY (id),
    CONSTRAINT ck_subscriptions_status CHECK (status IN ('inactive', 'trialing', 'active', 'past_due', 'cancelled')),
    CONSTRAINT fk_subscriptions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT uq_subscriptions_stripe_subscription_id UNIQUE (stripe_subscription_id)
);

CREATE INDEX ix_subscriptions_user_id ON subscriptions (user_id);

CREATE TABLE import_rows (
    id UUID DEFAULT new_id() NOT NULL,
    batch_id UUID NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL,
    CONSTRAINT pk_import_rows PRIMARY KEY (id),
    CONSTRAINT fk_import_rows_batch_id FOREIGN KEY(batch_id) REFERENCES import_batches (id) ON DELETE CASCADE
);

CREATE INDEX ix_import_rows_batch ON import_rows (batch_id, line);

CREATE TABLE practitioners (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    headline TEXT DEFAULT '' NOT NULL,
    bio TEXT DEFAULT '' NOT NULL,
    specialties TEXT[] DEFAULT '{}' NOT NULL,
    languages TEXT[] DEFAULT '{}' NOT NULL,
    hourly_rate_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    years_experience BIGINT DEFAULT 0 NOT NULL,
    certifications JSONB DEFAULT '[]' NOT NULL,
    address TEXT DEFAULT '' NOT NULL,
    city TEXT DEFAULT '' NOT NULL,
    country_code TEXT DEFAULT 'ZA' NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    time_zone TEXT DEFAULT 'Africa/Johannesburg' NOT NULL,
    verification_status TEXT DEFAULT 'draft' NOT NULL,
    availability_status TEXT DEFAULT 'offline' NOT NULL,
    commission_bps BIGINT,
    buffer_before BIGINT DEFAULT 0 NOT NULL,
    buffer_after BIGINT DEFAULT 0 NOT NULL,
    min_notice BIGINT DEFAULT 0 NOT NULL,
    max_horizon BIGINT DEFAULT 90 NOT NULL,
    slot_step BIGINT,
    rating_average NUMERIC(4, 3),
    rating_count BIGINT DEFAULT 0 NOT NULL,
    booking_count BIGINT DEFAULT 0 NOT NULL,
    feed_token_hash BYTEA,
    search_folded TEXT GENERATED ALWAYS AS (f_fold(headline || ' ' || city || ' ' || f_words(specialties))) STORED NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_practitioners PRIMARY KEY (id),
    CONSTRAINT ck_practitioners_kind CHECK (kind IN ('healer', 'prophet', 'medium', 'astrologer', 'psychologist')),
    CONSTRAINT ck_practitioners_verification_status CHECK (verification_status IN ('draft', 'submitted', 'approved', 'rejected', 'suspended')),
    CONSTRAINT ck_practitioners_availability_status CHECK (availability_status IN ('available', 'busy', 'offline')),
    CONSTRAINT ck_practitioners_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_practitioners_hourly_rate CHECK (hourly_rate_minor >= 0),
    CONSTRAINT ck_practitioners_commission CHECK (commission_bps BETWEEN 1500 AND 2000),
    CONSTRAINT ck_practitioners_buffers CHECK (buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480),
    CONSTRAINT ck_practitioners_notice CHECK (min_notice >= 0 AND max_horizon BETWEEN 1 AND 730),
    CONSTRAINT ck_practitioners_slot_step CHECK (slot_step BETWEEN 5 AND 480),
    CONSTRAINT ck_practitioners_position CHECK ((latitude IS NULL) = (longitude IS NULL) AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180),
    CONSTRAINT uq_practitioners_user_id UNIQUE (user_id),
    CONSTRAINT fk_practitioners_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT uq_practitioners_feed_token_hash UNIQUE (feed_token_hash)
);

CREATE INDEX ix_practitioners_geo ON practitioners USING gist (geo_xyz(latitude, longitude));

CREATE INDEX ix_practitioners_status ON practitioners (verification_status, kind);

CREATE TABLE clients (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID NOT NULL,
    date_of_birth DATE,
    gender TEXT,
    emergency_contact TEXT,
    country TEXT,
    preferences JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_clients PRIMARY KEY (id),
    CONSTRAINT uq_clients_user_id UNIQUE (user_id),
    CONSTRAINT fk_clients_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT
);

CREATE TABLE stock_movements (
    id UUID DEFAULT new_id() NOT NULL,
    product_id UUID NOT NULL,
    delta BIGINT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT DEFAULT '' NOT NULL,
    note TEXT DEFAULT '' NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_stock_movements PRIMARY KEY (id),
    CONSTRAINT ck_stock_movements_reason CHECK (reason IN ('received', 'sold', 'returned', 'adjusted', 'damaged', 'counted')),
    CONSTRAINT ck_stock_movements_delta CHECK (delta <> 0 OR reason = 'counted'),
    CONSTRAINT fk_stock_movements_product_id FOREIGN KEY(product_id) REFERENCES products (id) ON DELETE RESTRICT
);

CREATE INDEX ix_stock_movements_product ON stock_movements (product_id, occurred_at, id);

CREATE TABLE favourites (
    id UUID DEFAULT new_id() NOT NULL,
    client_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_favourites PRIMARY KEY (id),
    CONSTRAINT fk_favourites_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
    CONSTRAINT fk_favourites_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX uq_favourites_pair ON favourites (client_id, practitioner_id);

CREATE INDEX ix_favourites_practitioner_id ON favourites (practitioner_id);

CREATE TABLE services (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    title TEXT NOT NULL,
    description TEXT DEFAULT '' NOT NULL,
    category TEXT DEFAULT '' NOT NULL,
    duration_minutes BIGINT NOT NULL,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    delivery TEXT NOT NULL,
    buffer_before BIGINT,
    buffer_after BIGINT,
    policy TEXT DEFAULT 'moderate' NOT NULL,
    is_available BOOLEAN DEFAULT true NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_services PRIMARY KEY (id),
    CONSTRAINT ck_services_delivery CHECK (delivery IN ('in_person', 'online', 'both')),
    CONSTRAINT ck_services_policy CHECK (policy IN ('flexible', 'moderate', 'strict')),
    CONSTRAINT ck_services_duration CHECK (duration_minutes BETWEEN 5 AND 720),
    CONSTRAINT ck_services_price CHECK (price_minor >= 0),
    CONSTRAINT ck_services_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_services_buffers CHECK (buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480),
    CONSTRAINT fk_services_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT
);

CREATE INDEX ix_services_practitioner_id ON services (practitioner_id);

CREATE TABLE availability_rules (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    weekday BIGINT,
    rrule TEXT,
    starts_local TIME WITHOUT TIME ZONE NOT NULL,
    ends_local TIME WITHOUT TIME ZONE NOT NULL,
    valid_from DATE,
    valid_until DATE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_availability_rules PRIMARY KEY (id),
    CONSTRAINT ck_availability_rules_day CHECK ((weekday IS NULL) <> (rrule IS NULL) AND weekday BETWEEN 0 AND 6),
    CONSTRAINT ck_availability_rules_hours CHECK (starts_local < ends_local OR ends_local = '00:00'),
    CONSTRAINT ck_availability_rules_valid CHECK (valid_from <= valid_until),
    CONSTRAINT fk_availability_rules_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE
);

CREATE INDEX ix_availability_rules_practitioner_id ON availability_rules (practitioner_id);

CREATE TABLE availability_overrides (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    on_date DATE NOT NULL,
    starts_local TIME WITHOUT TIME ZONE,
    ends_local TIME WITHOUT TIME ZONE,
    note TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_availability_overrides PRIMARY KEY (id),
    CONSTRAINT ck_availability_overrides_hours CHECK ((starts_local IS NULL) = (ends_local IS NULL) AND (starts_local < ends_local OR ends_local = '00:00')),
    CONSTRAINT fk_availability_overrides_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE
);

CREATE INDEX ix_availability_overrides_day ON availability_overrides (practitioner_id, on_date);

CREATE TABLE blocked_periods (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_blocked_periods PRIMARY KEY (id),
    CONSTRAINT ck_blocked_periods_times CHECK (starts_at < ends_at),
    CONSTRAINT fk_blocked_periods_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE CASCADE
);

CREATE INDEX ix_blocked_periods_when ON blocked_periods (practitioner_id, starts_at);

CREATE TABLE orders (
    id UUID DEFAULT new_id() NOT NULL,
    reference TEXT DEFAULT 'O-' || nextval('order_numbers') NOT NULL,
    kind TEXT DEFAULT 'sale' NOT NULL,
    client_id UUID,
    status TEXT DEFAULT 'pending' NOT NULL,
    payment_status TEXT DEFAULT 'unpaid' NOT NULL,
    currency TEXT NOT NULL,
    items_minor BIGINT NOT NULL,
    shipping_minor BIGINT DEFAULT 0 NOT NULL,
    discount_minor BIGINT DEFAULT 0 NOT NULL,
    total_minor BIGINT NOT NULL,
    refunded_minor BIGINT DEFAULT 0 NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    paid_at TIMESTAMP WITH TIME ZONE,
    fulfilled_at TIMESTAMP WITH TIME ZONE,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    cancellation_reason TEXT,
    country TEXT,
    notes TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (id),
    CONSTRAINT ck_orders_kind CHECK (kind IN ('sale', 'credit_note')),
    CONSTRAINT ck_orders_status CHECK (status IN ('pending', 'paid', 'fulfilled', 'cancelled')),
    CONSTRAINT ck_orders_payment_status CHECK (payment_status IN ('unpaid', 'paid', 'partially_refunded', 'refunded')),
    CONSTRAINT ck_orders_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_orders_total CHECK (total_minor = items_minor + shipping_minor - discount_minor AND total_minor >= 0),
    CONSTRAINT ck_orders_parts CHECK (items_minor >= 0 AND shipping_minor >= 0 AND discount_minor >= 0),
    CONSTRAINT ck_orders_refunded CHECK (refunded_minor BETWEEN 0 AND total_minor),
    CONSTRAINT ck_orders_paid CHECK ((payment_status = 'unpaid') = (paid_at IS NULL)),
    CONSTRAINT uq_orders_reference UNIQUE (reference),
    CONSTRAINT fk_orders_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT
);

CREATE INDEX ix_orders_placed ON orders (placed_at, id);

CREATE INDEX ix_orders_payment ON orders (payment_status, placed_at, id);

CREATE INDEX ix_orders_status ON orders (status, placed_at, id);

CREATE INDEX ix_orders_total ON orders (total_minor, id);

CREATE INDEX ix_orders_credit_notes ON orders (placed_at, id) WHERE kind = 'credit_note';

CREATE INDEX ix_orders_client ON orders (client_id, placed_at);

CREATE TABLE carts (
    id UUID DEFAULT new_id() NOT NULL,
    client_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_carts PRIMARY KEY (id),
    CONSTRAINT uq_carts_client_id UNIQUE (client_id),
    CONSTRAINT fk_carts_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);

CREATE TABLE wishlist_items (
    id UUID DEFAULT new_id() NOT NULL,
    client_id UUID NOT NULL,
    product_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_wishlist_items PRIMARY KEY (id),
    CONSTRAINT uq_wishlist_items_client_id_product_id UNIQUE (client_id, product_id),
    CONSTRAINT fk_wishlist_items_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE,
    CONSTRAINT fk_wishlist_items_product_id FOREIGN KEY(product_id) REFERENCES products (id) ON DELETE CASCADE
);

CREATE INDEX ix_wishlist_items_product_id ON wishlist_items (product_id);

CREATE TABLE bookings (
    id UUID DEFAULT new_id() NOT NULL,
    reference TEXT DEFAULT 'B-' || nextval('booking_numbers') NOT NULL,
    client_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    service_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    buffer_before BIGINT DEFAULT 0 NOT NULL,
    buffer_after BIGINT DEFAULT 0 NOT NULL,
    occupied TSTZRANGE DEFAULT 'empty' NOT NULL,
    time_zone TEXT NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    hold_expires_at TIMESTAMP WITH TIME ZONE,
    price_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    commission_bps BIGINT NOT NULL,
    policy TEXT NOT NULL,
    payment_status TEXT DEFAULT 'unpaid' NOT NULL,
    refunded_minor BIGINT DEFAULT 0 NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    cancelled_by TEXT,
    cancellation_reason TEXT,
    notes TEXT DEFAULT '' NOT NULL,
    series_id UUID,
    sequence BIGINT DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_bookings PRIMARY KEY (id),
    CONSTRAINT ck_bookings_status CHECK (status IN ('pending', 'confirmed', 'completed', 'cancelled', 'no_show')),
    CONSTRAINT ck_bookings_policy CHECK (policy IN ('flexible', 'moderate', 'strict')),
    CONSTRAINT ck_bookings_payment_status CHECK (payment_status IN ('unpaid', 'paid', 'partially_refunded', 'refunded')),
    CONSTRAINT ck_bookings_cancelled_by CHECK (cancelled_by IN ('client', 'practitioner', 'staff', 'system')),
    CONSTRAINT ck_bookings_times CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '12 hours'),
    CONSTRAINT ck_bookings_price CHECK (price_minor >= 0),
    CONSTRAINT ck_bookings_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_bookings_refunded CHECK (refunded_minor BETWEEN 0 AND price_minor),
    CONSTRAINT ck_bookings_commission CHECK (commission_bps BETWEEN 0 AND 10000),
    CONSTRAINT ck_bookings_buffers CHECK (buffer_before BETWEEN 0 AND 480 AND buffer_after BETWEEN 0 AND 480),
    CONSTRAINT ck_bookings_cancelled CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL AND cancelled_by IS NOT NULL)),
    CONSTRAINT bookings_no_overlap EXCLUDE USING gist (practitioner_id WITH =, occupied WITH &&) WHERE (status IN ('pending', 'confirmed')),
    CONSTRAINT uq_bookings_reference UNIQUE (reference),
    CONSTRAINT fk_bookings_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_bookings_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT,
    CONSTRAINT fk_bookings_service_id FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE RESTRICT
);

CREATE INDEX ix_bookings_series_id ON bookings (series_id);

CREATE INDEX ix_bookings_payment ON bookings (payment_status, starts_at, id);

CREATE INDEX ix_bookings_practitioner ON bookings (practitioner_id, starts_at);

CREATE INDEX ix_bookings_status ON bookings (status, starts_at, id);

CREATE INDEX ix_bookings_starts ON bookings (starts_at, id);

CREATE INDEX ix_bookings_holds ON bookings (hold_expires_at) WHERE status = 'pending';

CREATE INDEX ix_bookings_service_id ON bookings (service_id);

CREATE INDEX ix_bookings_client ON bookings (client_id, starts_at);

CREATE TABLE booking_waitlist (
    id UUID DEFAULT new_id() NOT NULL,
    client_id UUID NOT NULL,
    service_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    on_date DATE NOT NULL,
    status TEXT DEFAULT 'waiting' NOT NULL,
    offered_at TIMESTAMP WITH TIME ZONE,
    offer_expires_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_booking_waitlist PRIMARY KEY (id),
    CONSTRAINT ck_booking_waitlist_status CHECK (status IN ('waiting', 'offered', 'booked', 'expired')),
    CONSTRAINT fk_booking_waitlist_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_booking_waitlist_service_id FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE RESTRICT,
    CONSTRAINT fk_booking_waitlist_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT
);

CREATE INDEX ix_booking_waitlist_client_id ON booking_waitlist (client_id);

CREATE INDEX ix_booking_waitlist_day ON booking_waitlist (practitioner_id, on_date);

CREATE UNIQUE INDEX uq_booking_waitlist_once ON booking_waitlist (client_id, practitioner_id, on_date);

CREATE TABLE order_items (
    id UUID DEFAULT new_id() NOT NULL,
    order_id UUID NOT NULL,
    product_id UUID NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    unit_price_minor BIGINT NOT NULL,
    line_total_minor BIGINT NOT NULL,
    CONSTRAINT pk_order_items PRIMARY KEY (id),
    CONSTRAINT ck_order_items_quantity CHECK (quantity > 0),
    CONSTRAINT ck_order_items_prices CHECK (unit_price_minor >= 0 AND line_total_minor >= 0),
    CONSTRAINT fk_order_items_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
    CONSTRAINT fk_order_items_product_id FOREIGN KEY(product_id) REFERENCES products (id) ON DELETE RESTRICT
);

CREATE INDEX ix_order_items_order_id ON order_items (order_id);

CREATE INDEX ix_order_items_product_id ON order_items (product_id);

CREATE TABLE cart_items (
    id UUID DEFAULT new_id() NOT NULL,
    cart_id UUID NOT NULL,
    product_id UUID NOT NULL,
    quantity BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_cart_items PRIMARY KEY (id),
    CONSTRAINT ck_cart_items_quantity CHECK (quantity BETWEEN 1 AND 1000),
    CONSTRAINT uq_cart_items_cart_id_product_id UNIQUE (cart_id, product_id),
    CONSTRAINT fk_cart_items_cart_id FOREIGN KEY(cart_id) REFERENCES carts (id) ON DELETE CASCADE,
    CONSTRAINT fk_cart_items_product_id FOREIGN KEY(product_id) REFERENCES products (id) ON DELETE RESTRICT
);

CREATE INDEX ix_cart_items_product_id ON cart_items (product_id);

CREATE TABLE coupon_redemptions (
    id UUID DEFAULT new_id() NOT NULL,
    coupon_id UUID NOT NULL,
    client_id UUID NOT NULL,
    order_id UUID NOT NULL,
    discount_minor BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_coupon_redemptions PRIMARY KEY (id),
    CONSTRAINT fk_coupon_redemptions_coupon_id FOREIGN KEY(coupon_id) REFERENCES coupons (id) ON DELETE RESTRICT,
    CONSTRAINT fk_coupon_redemptions_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT uq_coupon_redemptions_order_id UNIQUE (order_id),
    CONSTRAINT fk_coupon_redemptions_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT
);

CREATE INDEX ix_coupon_redemptions_client_id ON coupon_redemptions (client_id);

CREATE INDEX ix_coupon_redemptions_use ON coupon_redemptions (coupon_id, client_id);

CREATE TABLE transactions (
    id UUID DEFAULT new_id() NOT NULL,
    user_id UUID,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    provider TEXT NOT NULL,
    provider_transaction_id TEXT,
    booking_id UUID,
    order_id UUID,
    subscription_id UUID,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    metadata JSONB DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_transactions PRIMARY KEY (id),
    CONSTRAINT ck_transactions_kind CHECK (kind IN ('charge', 'refund', 'payout')),
    CONSTRAINT ck_transactions_status CHECK (status IN ('pending', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT ck_transactions_provider CHECK (provider IN ('stripe', 'manual')),
    CONSTRAINT ck_transactions_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_transactions_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_transactions_cause CHECK (num_nonnulls(booking_id, order_id, subscription_id) = CASE kind WHEN 'payout' THEN 0 ELSE 1 END),
    CONSTRAINT uq_transactions_provider_provider_transaction_id UNIQUE (provider, provider_transaction_id),
    CONSTRAINT fk_transactions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT fk_transactions_booking_id FOREIGN KEY(booking_id) REFERENCES bookings (id) ON DELETE RESTRICT,
    CONSTRAINT fk_transactions_order_id FOREIGN KEY(order_id) REFERENCES orders (id) ON DELETE RESTRICT,
    CONSTRAINT fk_transactions_subscription_id FOREIGN KEY(subscription_id) REFERENCES subscriptions (id) ON DELETE RESTRICT
);

CREATE INDEX ix_transactions_booking_id ON transactions (booking_id);

CREATE INDEX ix_transactions_user_id ON transactions (user_id);

CREATE INDEX ix_transactions_when ON transactions (occurred_at, id);

CREATE INDEX ix_transactions_order_id ON transactions (order_id);

CREATE INDEX ix_transactions_subscription_id ON transactions (subscription_id);

CREATE TABLE reviews (
    id UUID DEFAULT new_id() NOT NULL,
    booking_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    client_id UUID NOT NULL,
    rating BIGINT NOT NULL,
    comment TEXT DEFAULT '' NOT NULL,
    response TEXT,
    status TEXT DEFAULT 'published' NOT NULL,
    helpful_count BIGINT DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_reviews PRIMARY KEY (id),
    CONSTRAINT ck_reviews_status CHECK (status IN ('published', 'hidden', 'flagged')),
    CONSTRAINT ck_reviews_rating CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT uq_reviews_booking_id UNIQUE (booking_id),
    CONSTRAINT fk_reviews_booking_id FOREIGN KEY(booking_id) REFERENCES bookings (id) ON DELETE RESTRICT,
    CONSTRAINT fk_reviews_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT,
    CONSTRAINT fk_reviews_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT
);

CREATE INDEX ix_reviews_practitioner ON reviews (practitioner_id, created_at);

CREATE INDEX ix_reviews_client_id ON reviews (client_id);

CREATE TABLE ledger_entries (
    id UUID DEFAULT new_id() NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id UUID,
    sale_at TIMESTAMP WITH TIME ZONE,
    practitioner_id UUID,
    client_id UUID,
    gross_minor BIGINT NOT NULL,
    commission_minor BIGINT DEFAULT 0 NOT NULL,
    tax_minor BIGINT DEFAULT 0 NOT NULL,
    currency TEXT NOT NULL,
    transaction_id UUID,
    note TEXT DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_ledger_entries PRIMARY KEY (id),
    CONSTRAINT ck_ledger_entries_kind CHECK (kind IN ('sale', 'refund', 'adjustment', 'payout')),
    CONSTRAINT ck_ledger_entries_source CHECK (source IN ('booking', 'order', 'event', 'subscription')),
    CONSTRAINT ck_ledger_entries_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_ledger_entries_sign CHECK (CASE kind WHEN 'sale' THEN gross_minor >= 0 WHEN 'refund' THEN gross_minor <= 0 ELSE true END),
    CONSTRAINT ck_ledger_entries_commission CHECK (abs(commission_minor) <= abs(gross_minor)),
    CONSTRAINT fk_ledger_entries_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ledger_entries_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ledger_entries_transaction_id FOREIGN KEY(transaction_id) REFERENCES transactions (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_ledger_entries_one_sale ON ledger_entries (source, source_id) WHERE kind = 'sale' AND source IN ('booking', 'order');

CREATE INDEX ix_ledger_entries_practitioner ON ledger_entries (practitioner_id, currency, occurred_at);

CREATE INDEX ix_ledger_entries_client ON ledger_entries (client_id, occurred_at);

CREATE INDEX ix_ledger_entries_source ON ledger_entries (source, source_id);

CREATE INDEX ix_ledger_entries_when ON ledger_entries (currency, occurred_at) INCLUDE (kind, source, gross_minor, commission_minor);

CREATE INDEX ix_ledger_entries_transaction_id ON ledger_entries (transaction_id);

CREATE INDEX ix_ledger_entries_restated ON ledger_entries (currency, coalesce(sale_at, occurred_at)) WHERE kind = 'refund';

CREATE TABLE payouts (
    id UUID DEFAULT new_id() NOT NULL,
    practitioner_id UUID NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    period_from DATE NOT NULL,
    period_until DATE NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    transaction_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_payouts PRIMARY KEY (id),
    CONSTRAINT ck_payouts_status CHECK (status IN ('pending', 'paid', 'failed')),
    CONSTRAINT ck_payouts_amount CHECK (amount_minor > 0),
    CONSTRAINT ck_payouts_period CHECK (period_from <= period_until),
    CONSTRAINT fk_payouts_practitioner_id FOREIGN KEY(practitioner_id) REFERENCES practitioners (id) ON DELETE RESTRICT,
    CONSTRAINT fk_payouts_transaction_id FOREIGN KEY(transaction_id) REFERENCES transactions (id) ON DELETE RESTRICT
);

CREATE INDEX ix_payouts_practitioner_id ON payouts (practitioner_id);
