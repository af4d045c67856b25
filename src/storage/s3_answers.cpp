#include "storage/s3_answers.hpp"

#include <pugixml.hpp>

#include <charconv>

namespace clinikk::s3 {
namespace {

constexpr std::uint64_t max_parts = 10'000;

/// Parses a document with that root element.
class Document {
public:
    explicit Document(std::string_view body) { parsed_ = document_.load_buffer(body.data(), body.size()); }

    pugi::xml_node root(char const* name) const { return parsed_ ? document_.child(name) : pugi::xml_node(); }

private:
    pugi::xml_document document_;
    bool parsed_ = false;
};

std::optional<std::string> child_text(pugi::xml_node node, char const* name) {
    auto const child = node.child(name);
    if (!child || child.text().empty()) return std::nullopt;
    return child.text().get();
}

/// A whole number without a sign, and nothing else.
std::optional<std::uint64_t> child_number(pugi::xml_node node, char const* name) {
    auto const text = child_text(node, name).value_or("");
    std::uint64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<int> child_part_number(pugi::xml_node node, char const* name) {
    auto const number = child_number(node, name);
    if (!number || *number < 1 || *number > max_parts) return std::nullopt;
    return static_cast<int>(*number);
}

}  // namespace

std::optional<ErrorAnswer> parse_error(std::string_view body) {
    Document const document(body);
    auto const root = document.root("Error");
    if (!root) return std::nullopt;
    return ErrorAnswer{child_text(root, "Code").value_or(""), child_text(root, "Message").value_or("")};
}

std::optional<std::string> parse_upload_id(std::string_view body) {
    Document const document(body);
    return child_text(document.root("InitiateMultipartUploadResult"), "UploadId");
}

bool is_completed(std::string_view body) {
    Document const document(body);
    return static_cast<bool>(document.root("CompleteMultipartUploadResult"));
}

std::optional<std::string> parse_etag(std::string_view body) {
    Document const document(body);
    return child_text(document.root("CopyPartResult"), "ETag");
}

std::optional<ListedObjects> parse_objects(std::string_view body) {
    Document const document(body);
    auto const root = document.root("ListBucketResult");
    if (!root) return std::nullopt;
    ListedObjects listed;
    listed.is_truncated = child_text(root, "IsTruncated") == "true";
    for (auto const& node : root.children("Contents")) {
        if (auto key = child_text(node, "Key")) listed.keys.push_back(std::move(*key));
    }
    return listed;
}

std::optional<std::vector<ListedUpload>> parse_uploads(std::string_view body) {
    Document const document(body);
    auto const root = document.root("ListMultipartUploadsResult");
    if (!root) return std::nullopt;
    std::vector<ListedUpload> listed;
    for (auto const& node : root.children("Upload")) {
        listed.push_back({child_text(node, "Key").value_or(""), child_text(node, "UploadId").value_or("")});
    }
    return listed;
}

std::optional<ListedParts> parse_parts(std::string_view body) {
    Document const document(body);
    auto const root = document.root("ListPartsResult");
    if (!root) return std::nullopt;
    ListedParts listed;
    for (auto const& node : root.children("Part")) {
        auto const number = child_part_number(node, "PartNumber");
        auto const size = child_number(node, "Size");
        auto etag = child_text(node, "ETag");
        if (!number || !size || !etag) return std::nullopt;
        listed.parts.push_back({*number, *size, *std::move(etag)});
    }
    if (child_text(root, "IsTruncated") != "true") return listed;
    listed.next = child_part_number(root, "NextPartNumberMarker");
    if (!listed.next) return std::nullopt;
    return listed;
}

}  // namespace clinikk::s3
