#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>

namespace clinikk {
namespace {

namespace json = boost::json;
using Kind = JsonValue::Kind;

/// Builds the tree from the events of the parser. The parser may deliver a name, a text or a number in parts.
class TreeBuilder {
public:
    static constexpr std::size_t max_object_size = 1000;
    static constexpr std::size_t max_array_size = 100'000;
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = 0x7FFFFFFE;

    JsonValue root{};

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code& failure) { return open(Kind::object, failure); }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code& failure) { return open(Kind::array, failure); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return append(name_, part); }
    bool on_key(json::string_view part, std::size_t, json::error_code&) { return append(name_, part); }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return append(text_, part); }
    bool on_string(json::string_view part, std::size_t, json::error_code& failure) {
        append(text_, part);
        return scalar(Kind::text, failure);
    }
    bool on_number_part(json::string_view part, json::error_code&) { return append(text_, part); }
    bool on_int64(std::int64_t value, json::string_view, json::error_code& failure) {
        text_ = std::to_string(value);
        return scalar(Kind::integer, failure);
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code& failure) {
        text_ = std::to_string(value);
        return scalar(Kind::integer, failure);
    }
    bool on_double(double value, json::string_view part, json::error_code& failure) {
        append(text_, part);
        bool const is_whole = value >= -9e15 && value <= 9e15 && value == static_cast<double>(static_cast<long>(value));
        if (!is_whole) return scalar(Kind::number, failure);
        text_ = std::to_string(static_cast<long>(value));
        return scalar(Kind::integer, failure);
    }
    bool on_bool(bool value, json::error_code& failure) {
        text_ = value ? "true" : "false";
        return scalar(Kind::boolean, failure);
    }
    bool on_null(json::error_code& failure) { return scalar(Kind::null, failure); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    static bool append(std::string& out, json::string_view part) {
        out.append(part.data(), part.size());
        return true;
    }

    /// Adds the next value: the root, a new item, or a new member under the name that was read last. Returns null when
    /// the document has too many values.
    JsonValue* add(json::error_code& failure) {
        if (++count_ > max_array_size) {
            failure = json::error::array_too_large;
            return nullptr;
        }
        if (open_.empty()) return &root;
        auto& parent = *open_.back();
        if (parent.kind == Kind::array) return &parent.items.emplace_back();
        parent.members.push_back({std::move(name_), {}});
        name_.clear();
        return &parent.members.back().value;
    }
    bool scalar(Kind kind, json::error_code& failure) {
        auto* const place = add(failure);
        if (place == nullptr) return false;
        place->kind = kind;
        place->text = std::move(text_);
        text_.clear();
        return true;
    }
    bool open(Kind kind, json::error_code& failure) {
        auto* const place = add(failure);
        if (place == nullptr) return false;
        place->kind = kind;
        open_.push_back(place);
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::vector<JsonValue*>
        open_;  ///< the open values, outermost first; only the innermost grows, so no pointer becomes invalid
    std::string name_;
    std::string text_;
    std::size_t count_ = 0;
};

}  // namespace

JsonValue const* JsonValue::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(members, name, &JsonMember::name);
    return found == members.end() ? nullptr : &found->value;
}

std::string const* JsonValue::find_text(std::string_view name) const noexcept {
    auto const* const value = find(name);
    return value == nullptr || value->kind != Kind::text ? nullptr : &value->text;
}

boost::system::result<JsonValue, std::string> read_json(std::string_view text, std::size_t max_depth) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<TreeBuilder> parser{options};
    json::error_code failure;
    auto const used = parser.write_some(false, text.data(), text.size(), failure);
    if (failure) return "is not valid JSON: " + failure.message() + " at byte " + std::to_string(used);
    if (used != text.size()) return "has more than one JSON value, from byte " + std::to_string(used);
    return std::move(parser.handler().root);
}

std::optional<std::string_view> find_duplicate(std::vector<JsonMember> const& members) noexcept {
    for (auto at = members.begin(); at != members.end(); ++at) {
        auto const same = [&](auto const& earlier) { return earlier.name == at->name; };
        if (std::any_of(members.begin(), at, same)) return at->name;
    }
    return std::nullopt;
}

}  // namespace clinikk
