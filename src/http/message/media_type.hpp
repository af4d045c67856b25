#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clinikk::http {

/// A media type with its parameters (RFC 9110 section 8.3.1).
struct MediaType {
    std::string essence;                                          ///< `type/subtype` in lower case
    std::vector<std::pair<std::string, std::string>> parameters;  ///< names, and the value of charset, in lower case

    /// The value of a parameter, by its name in lower case; empty when there is none.
    std::string_view parameter(std::string_view name) const noexcept;

    std::string_view charset() const noexcept { return parameter("charset"); }
};

/// Returns whether a media type, `type/subtype` in lower case, is in a range: itself, `type/*` or `*/*` (RFC 9110
/// section 12.5.1).
bool is_in_media_range(std::string_view essence, std::string_view range) noexcept;

/// The value of a Content-Type field; empty when it is not valid or gives a parameter twice.
std::optional<MediaType> parse_media_type(std::string_view value);

/// The Accept-Encoding fields of a request together (RFC 9110 section 12.5.3): several fields are one list.
class AcceptedCodings {
public:
    /// Takes the value of one field.
    void add(std::string_view value) noexcept;

    /// Whether an answer may, and should, be compressed with gzip: gzip, x-gzip or `*` has a weight above zero, and
    /// identity is not explicitly preferred. False without a field, or with one that is malformed.
    bool prefer_gzip() const noexcept;

private:
    std::optional<int> gzip_{};  ///< weights in thousandths
    std::optional<int> any_{};
    int identity_ = 0;
    bool malformed_ = false;
};

}  // namespace clinikk::http
