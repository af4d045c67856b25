-- oldest program: 0.1.0
-- A login may need a second factor, and may come from an identity provider.
CREATE TABLE totp (
    user_id uuid NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret text NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    last_step bigint NOT NULL
);

CREATE TABLE recovery_codes (
    code_hash bytea NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32),
    user_id uuid NOT NULL REFERENCES totp (user_id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_user_id_idx ON recovery_codes (user_id);

CREATE TABLE identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
-- An address may be given to another person later: who comes with it then is not the owner of the account.
CREATE UNIQUE INDEX identities_user_id_issuer_key ON identities (user_id, issuer);

CREATE TABLE sign_ins (
    state_hash bytea NOT NULL PRIMARY KEY CHECK (length(state_hash) = 32),
    browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    callback_url text NOT NULL,
    redirect_url text NOT NULL,
    code_challenge text NOT NULL,
    app_state text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);

CREATE TABLE sign_in_codes (
    code_hash bytea NOT NULL PRIMARY KEY CHECK (length(code_hash) = 32),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_challenge text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_codes_user_id_idx ON sign_in_codes (user_id);
CREATE INDEX sign_in_codes_expires_at_idx ON sign_in_codes (expires_at);
