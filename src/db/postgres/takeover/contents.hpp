#pragma once

#include "db/postgres/takeover/notes.hpp"

namespace clinikk::db {

/// Takes over the contents, and makes an object for each address in Amazon's S3 that they have; contents with the same
/// address share it. Nobody owns them.
void adopt_poc_contents(BlockingConnection& connection, PocNotes& notes);

}  // namespace clinikk::db
