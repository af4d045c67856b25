#pragma once

#include <boost/describe/class.hpp>

#include <string>
#include <string_view>

#include "domain/content.hpp"

namespace clinikk {

/// The description that the client of a direct upload gave at its beginning. The row of the upload stores it until the
/// bytes have arrived.
struct UploadDescription : ContentDescription {
    std::string file_name{};
    std::string disposition{};  ///< Content-Disposition for clients that fetch the object from the store
};
BOOST_DESCRIBE_STRUCT(UploadDescription, (ContentDescription), (file_name, disposition))

/// Writes the description as JSON.
std::string serialize(UploadDescription const& description);

/// Reads what `serialize` wrote. Throws when it is anything else.
UploadDescription parse_description(std::string_view json);

}  // namespace clinikk
