#pragma once

#include <optional>
#include <string>

#include "base/async/task.hpp"
#include "base/result.hpp"
#include "domain/caller.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/object_store.hpp"
#include "domain/unit_of_work.hpp"
#include "domain/upload.hpp"
#include "service/index_writer.hpp"

/// The rows that an upload becomes at its end.
namespace clinikk {

/// An upload whose bytes are durable in their store, and have been accepted.
struct FinishedUpload {
    Upload const& upload;
    ContentDescription const& description;
    MediaFacts const& facts;
    StoredBytes const& stored;
    PackagedFile const& packaged;
    std::string const& key;
    std::string const& file_name;  ///< the uploader's; untrusted
    std::optional<Uuid> replaces;  ///< the content whose source it replaces
    Timestamp at;
};

/// Makes the rows of the objects and of the content, the event and the line of the audit log, as steps of a
/// transaction. If the upload replaces a source, the content changes instead, and its former objects become `deleting`.
/// Fails as `content_to_change`, with `media_kind_mismatch`, and with `upload_interrupted` when this process no longer
/// holds the index.
Task<Result<Content>> insert_published(Repositories& repositories, Caller const& caller, User const& user,
                                       FinishedUpload const& finished, ObjectStore const& store,
                                       Visibility default_visibility, IndexWriter const& indexes);

}  // namespace clinikk
