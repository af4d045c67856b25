#pragma once

#include "db/postgres/takeover/notes.hpp"

namespace clinikk::db {

/// Takes over the contents, and makes an object for each of their addresses in Amazon S3; contents with the same
/// address share the object. The contents have no owner.
void adopt_poc_contents(BlockingConnection& connection, PocNotes& notes);

}  // namespace clinikk::db
