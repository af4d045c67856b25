#pragma once

#include <boost/describe/class.hpp>

#include <optional>
#include <vector>

#include "api/content_fields.hpp"
#include "base/result.hpp"
#include "http/message/tus_fields.hpp"
#include "service/upload_description.hpp"

/// What the Upload-Metadata of tus states of the future content.
namespace clinikk::api {

/// The keys that mean something here; others are kept for the client and ignored.
struct TusMetadataFields : ContentFields {
    http::FormField<std::optional<Line<1, 255>>> filename;
    http::FormField<std::optional<Line<1, 255>>> name;
    http::FormField<std::optional<UuidValue>> replaces;
};
BOOST_DESCRIBE_STRUCT(TusMetadataFields, (ContentFields), (filename, name, replaces))

struct TusDescription {
    UploadDescription description{};
    std::optional<Uuid> replaces{};  ///< the content whose source the upload replaces
};

/// Reads the members of `ContentFields` under their names and by their rules. What they leave out follows from the keys
/// that tus clients send by convention: `filename`, or else `name`, is the name of the file, and the title where none
/// is given; `filetype`, a media type, tells whether it is a video or an audio. A description that is left out is
/// empty. Fails with `validation_failed`, whose pointers name the keys.
Result<TusDescription> read_tus_description(std::vector<http::TusMetadataPair> const& pairs);

}  // namespace clinikk::api
