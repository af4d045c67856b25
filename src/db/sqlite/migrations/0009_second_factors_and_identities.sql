-- oldest program: 0.1.0
-- A login may need a second factor, and may come from an identity provider.
CREATE TABLE totp (
    user_id       BLOB    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    sealed_secret TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    confirmed_at  INTEGER,
    last_step     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    code_hash BLOB NOT NULL PRIMARY KEY CONSTRAINT recovery_codes_code_hash_check CHECK (length(code_hash) = 32),
    user_id   BLOB NOT NULL REFERENCES totp (user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX recovery_codes_user_id_idx ON recovery_codes (user_id);

CREATE TABLE identities (
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
-- An address may be given to another person later: who comes with it then is not the owner of the account.
CREATE UNIQUE INDEX identities_user_id_issuer_key ON identities (user_id, issuer);

CREATE TABLE sign_ins (
    state_hash     BLOB    NOT NULL PRIMARY KEY CONSTRAINT sign_ins_state_hash_check CHECK (length(state_hash) = 32),
    browser_hash   BLOB    NOT NULL CONSTRAINT sign_ins_browser_hash_check CHECK (length(browser_hash) = 32),
    nonce          TEXT    NOT NULL,
    code_verifier  TEXT    NOT NULL,
    callback_url   TEXT    NOT NULL,
    redirect_url   TEXT    NOT NULL,
    code_challenge TEXT    NOT NULL,
    app_state      TEXT    NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_expires_at_idx ON sign_ins (expires_at);

CREATE TABLE sign_in_codes (
    code_hash      BLOB    NOT NULL PRIMARY KEY CONSTRAINT sign_in_codes_code_hash_check CHECK (length(code_hash) = 32),
    user_id        BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_challenge TEXT    NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_codes_user_id_idx ON sign_in_codes (user_id);
CREATE INDEX sign_in_codes_expires_at_idx ON sign_in_codes (expires_at);
