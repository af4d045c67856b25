#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/described.hpp"
#include "base/sha256.hpp"
#include "base/uuid.hpp"
#include "base/value_schema.hpp"
#include "domain/content.hpp"
#include "domain/media.hpp"
#include "domain/user.hpp"

/// The types of the values in requests. Each has `static Parsed<Self> parse(std::string_view)`, whose error is one
/// sentence for the `detail` of a 422; `static ValueSchema schema()`, which describes the same rule in the OpenAPI
/// document; and `value()`. A value that exists is valid.
namespace clinikk {

/// A value, or what the text must be: "must be an e-mail address".
template <class T>
using Parsed = boost::system::result<T, std::string>;

/// What all value types have in common: the plain value inside.
template <class T>
class ValueOf {
public:
    T const& value() const& noexcept { return value_; }
    T value() && { return std::move(value_); }

protected:
    explicit ValueOf(T value) : value_(std::move(value)) {}

private:
    T value_;
};

/// Text in NFC, trimmed, of `min` to `max` code points, without control characters except line feed and tab. CRLF,
/// which browsers put into forms, becomes a line feed.
Parsed<std::string> parse_text(std::string_view text, std::size_t min, std::size_t max);

/// As `parse_text`, but without any control character and any line or paragraph separator.
Parsed<std::string> parse_line(std::string_view text, std::size_t min, std::size_t max);

/// A whole number in decimal digits.
Parsed<std::int64_t> parse_whole_number(std::string_view text, std::int64_t min, std::int64_t max);

/// "must be a, b or c".
std::string must_be_one_of(std::span<std::string_view const> choices);

/// Human text, see `parse_text`.
template <std::size_t Min, std::size_t Max>
class Text : public ValueOf<std::string> {
public:
    static Parsed<Text> parse(std::string_view text) {
        auto parsed = parse_text(text, Min, Max);
        if (!parsed) return std::move(parsed).error();
        return Text(*std::move(parsed));
    }

    static ValueSchema schema() {
        ValueSchema schema;
        if constexpr (Min > 0) schema.min_length = Min;
        schema.max_length = Max;
        return schema;
    }

private:
    explicit Text(std::string value) : ValueOf(std::move(value)) {}
};

/// Human text of one line, such as a title or a name, see `parse_line`.
template <std::size_t Min, std::size_t Max>
class Line : public ValueOf<std::string> {
public:
    static Parsed<Line> parse(std::string_view text) {
        auto parsed = parse_line(text, Min, Max);
        if (!parsed) return std::move(parsed).error();
        return Line(*std::move(parsed));
    }

    static ValueSchema schema() {
        auto schema = Text<Min, Max>::schema();
        schema.pattern = R"(^[^\u0000-\u001F\u007F-\u009F\u2028\u2029]*$)";
        return schema;
    }

private:
    explicit Line(std::string value) : ValueOf(std::move(value)) {}
};

/// An e-mail address: an addr-spec of RFC 5321 section 4.1.2 with a dot-atom before the @ and a domain of at least
/// two labels after it; letters of all scripts as in RFC 6531. No quoted strings, comments or address literals.
class Email : public ValueOf<std::string> {
public:
    static Parsed<Email> parse(std::string_view text);
    static ValueSchema schema();

    /// The form in which addresses are compared: NFKC and case-folded, including the local part.
    std::string const& key() const noexcept { return key_; }

private:
    Email(std::string address, std::string key) : ValueOf(std::move(address)), key_(std::move(key)) {}
    std::string key_;
};

/// The longest text of a password. No other form of 256 characters in NFKC has more bytes.
inline constexpr std::size_t max_password_bytes = 4096;

/// A password to be set, in NFKC: 8 to 256 code points, any except NUL, but none of the most common passwords (NIST SP
/// 800-63B section 5.1.1.2: long passwords, all characters, no rules of composition).
class Password : public ValueOf<std::string> {
public:
    static Parsed<Password> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit Password(std::string value) : ValueOf(std::move(value)) {}
};

/// A password to be compared, as it was sent: 1 to `max_password_bytes` bytes, so that accounts from before these rules
/// can log in.
class LoginPassword : public ValueOf<std::string> {
public:
    static Parsed<LoginPassword> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit LoginPassword(std::string value) : ValueOf(std::move(value)) {}
};

/// An absolute http or https URI (RFC 3986, RFC 9110 section 4.2) with a host and without credentials, at most
/// 2048 bytes.
class HttpUrl : public ValueOf<std::string> {
public:
    static Parsed<HttpUrl> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit HttpUrl(std::string value) : ValueOf(std::move(value)) {}
};

/// A language tag of BCP 47 (RFC 5646 section 2.1), well-formed and in its usual case: `en`, `pt-BR`, `zh-Hant-TW`. The
/// registry of subtags is not consulted. Grandfathered tags, which have newer forms, are refused.
class LanguageTag : public ValueOf<std::string> {
public:
    static Parsed<LanguageTag> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit LanguageTag(std::string value) : ValueOf(std::move(value)) {}
};

/// A length of time in whole seconds, 0 to 10^9.
class Seconds : public ValueOf<std::int64_t> {
public:
    static Parsed<Seconds> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit Seconds(std::int64_t value) : ValueOf(value) {}
};

/// The size of a file in bytes: 1 to 5 TiB, the most that an object of S3 may have.
class FileSize : public ValueOf<std::int64_t> {
public:
    static Parsed<FileSize> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit FileSize(std::int64_t value) : ValueOf(value) {}
};

/// The number of a part of a multipart upload: 1 to 10 000.
class PartNumber : public ValueOf<std::int64_t> {
public:
    static Parsed<PartNumber> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit PartNumber(std::int64_t value) : ValueOf(value) {}
};

/// A SHA-256 in 64 hexadecimal digits of either case.
class Sha256Value : public ValueOf<Sha256Digest> {
public:
    static Parsed<Sha256Value> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit Sha256Value(Sha256Digest value) : ValueOf(value) {}
};

/// The number of items that a listing skips at its start: 0 or more.
class Skip : public ValueOf<std::int64_t> {
public:
    Skip() : ValueOf(0) {}
    static Parsed<Skip> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit Skip(std::int64_t value) : ValueOf(value) {}
};

/// The largest number of items on a page: 1 to 100. A larger number means 100.
class PageLimit : public ValueOf<std::int64_t> {
public:
    static constexpr std::int64_t max = 100;

    PageLimit() : ValueOf(max) {}
    static Parsed<PageLimit> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit PageLimit(std::int64_t value) : ValueOf(value) {}
};

/// An id in its 36-character form (RFC 9562 section 4).
class UuidValue : public ValueOf<Uuid> {
public:
    static Parsed<UuidValue> parse(std::string_view text);
    static ValueSchema schema();

private:
    explicit UuidValue(Uuid value) : ValueOf(value) {}
};

/// One of the enumerators of a described enum, by name.
template <class Enum>
class Choice : public ValueOf<Enum> {
public:
    static Parsed<Choice> parse(std::string_view text) {
        auto const found = find_enumerator<Enum>(text);
        if (found) return Choice(*found);
        return must_be_one_of(schema().choices);
    }

    static ValueSchema schema() {
        ValueSchema schema;
        for_each_enumerator<Enum>([&](Enum, std::string_view name) { schema.choices.push_back(name); });
        return schema;
    }

private:
    explicit Choice(Enum value) : ValueOf<Enum>(value) {}
};

using ContentKindValue = Choice<ContentKind>;
using ContentSortValue = Choice<ContentSort>;
using RoleValue = Choice<Role>;
using VisibilityValue = Choice<Visibility>;

}  // namespace clinikk
