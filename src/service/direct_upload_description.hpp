#pragma once

#include <boost/describe/class.hpp>

#include <string>
#include <string_view>

#include "domain/object_store.hpp"
#include "service/publication.hpp"

namespace clinikk {

/// The description that the client of a direct upload gave at its beginning. The row of the upload stores it until the
/// bytes have arrived.
struct DirectUploadDescription : ContentDescription {
    std::string file_name{};
    std::string disposition{};  ///< Content-Disposition for clients that fetch the object from the store
};
BOOST_DESCRIBE_STRUCT(DirectUploadDescription, (ContentDescription), (file_name, disposition))

/// Writes the description as JSON.
std::string serialize(DirectUploadDescription const& description);

/// Reads what `serialize` wrote. Throws when it is anything else.
DirectUploadDescription parse_description(std::string_view json);

/// The future key and media type of the object, guessed from the file name. The bytes decide in the end.
ObjectLabel guess_label(DirectUploadDescription const& description, Uuid object_id);

}  // namespace clinikk
