#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clinikk::http {

/// The header fields of an answer, stored as the bytes that are sent.
class HeaderBlock {
public:
    /// Appends a field line. Control characters in the value are dropped, so no value can begin another line.
    void add(std::string_view name, std::string_view value);

    /// Makes the ETag weak, if there is a strong one.
    void weaken_etag();

    /// Appends field lines that another block holds.
    void append(HeaderBlock const& other) { text_ += other.text_; }

    /// The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const noexcept;

    bool has(std::string_view name) const noexcept { return find(name).has_value(); }

    /// `Name: value\r\n` for each field, in the order they were added.
    std::string_view text() const noexcept { return text_; }

private:
    std::string text_;
};

}  // namespace clinikk::http
