#pragma once

#include "db/postgres/takeover/notes.hpp"

namespace clinikk::db {

/// Takes over the accounts. All become editors, since every account of the proof of concept could upload. Of several
/// accounts with one address, the first in the physical order of the table keeps it. Accounts that cannot log in any
/// more stay, with their ids.
void adopt_poc_users(BlockingConnection& connection, PocNotes& notes);

}  // namespace clinikk::db
