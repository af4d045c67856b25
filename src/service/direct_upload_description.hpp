#pragma once

#include <boost/describe/class.hpp>

#include <string>
#include <string_view>

#include "domain/object_store.hpp"
#include "service/publication.hpp"

namespace clinikk {

/// What the client of a direct upload said when it began, kept in the upload's row until its bytes are there.
struct DirectUploadDescription : ContentDescription {
    std::string file_name{};
    std::string disposition{};  ///< Content-Disposition for those who fetch the object from the store
};
BOOST_DESCRIBE_STRUCT(DirectUploadDescription, (ContentDescription), (file_name, disposition))

/// As JSON.
std::string serialize(DirectUploadDescription const& description);

/// Reads what `serialize` wrote. Throws when it is anything else.
DirectUploadDescription parse_description(std::string_view json);

/// Where the object will stand and of which type it will be, as far as the file's name tells. Its bytes have the last
/// word.
ObjectLabel guess_label(DirectUploadDescription const& description, Uuid object_id);

}  // namespace clinikk
