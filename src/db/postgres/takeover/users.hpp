#pragma once

#include "db/postgres/takeover/notes.hpp"

namespace clinikk::db {

/// Takes over the accounts. All are editors, as every account of the proof of concept could upload. The first in the
/// physical order of the table keeps an address that several have. What cannot log in any more stays, with its id.
void adopt_poc_users(BlockingConnection& connection, PocNotes& notes);

}  // namespace clinikk::db
