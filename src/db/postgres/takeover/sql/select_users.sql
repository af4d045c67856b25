-- In the physical order: the first of several accounts with one address keeps it.
SELECT id, email, hashed_password, is_active FROM clinikk_poc.users ORDER BY ctid
