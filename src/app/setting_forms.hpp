#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/setting_values.hpp"
#include "base/log.hpp"
#include "domain/user.hpp"
#include "domain/visibility.hpp"
#include "http/server/forwarded.hpp"
#include "mail/message.hpp"
#include "media/inspector.hpp"
#include "service/registration_service.hpp"

/// The text forms of the values of settings. Each has `parse`, which returns the value or throws std::invalid_argument
/// with what the text must be, and `print`, which returns the text of a default.
namespace clinikk::app::form {

struct Text {
    static std::string parse(std::string const& text) { return text; }
    static std::string print(std::string const& value) { return value; }
};

struct Path {
    static std::filesystem::path parse(std::string const& text) { return text; }
    static std::string print(std::filesystem::path const& value) { return value.string(); }
};

template <class Number, Number Min, Number Max>
struct Whole {
    static Number parse(std::string const& text) { return whole_number<Number>(text, Min, Max); }
    static std::string print(Number value) { return std::to_string(value); }
};

/// Threads or processes; the default is the number of cores.
struct Cores {
    static std::size_t parse(std::string const& text);
    static std::string print(std::size_t /*value*/) { return ""; }
};

struct Size {
    static std::uint64_t parse(std::string const& text) { return bytes(text); }
    static std::string print(std::uint64_t value) { return print_bytes(value); }
};

struct SizeOfFile : Size {
    static std::uint64_t parse(std::string const& text);
};

/// The memory of one password hash.
struct SizeOfHash : Size {
    static std::uint64_t parse(std::string const& text);
};

struct SizeOfUploadMemory : Size {
    static std::uint64_t parse(std::string const& text);
};

/// Empty: no limit.
struct OptionalSize {
    static std::optional<std::uint64_t> parse(std::string const& text);
    static std::string print(std::optional<std::uint64_t> const& value) { return value ? print_bytes(*value) : ""; }
};

struct Duration {
    static std::chrono::seconds parse(std::string const& text) { return duration(text); }
    static std::string print(std::chrono::seconds value) { return print_duration(value); }
};

/// A time that must not be zero, since the operation could then never finish.
struct OneSecondOrMore : Duration {
    static std::chrono::seconds parse(std::string const& text) { return at_least_one_second(text); }
};

/// A smaller value is raised to `Least` seconds.
template <std::int64_t Least>
struct RaisedDuration : Duration {
    static std::chrono::seconds parse(std::string const& text) {
        return std::max(duration(text), std::chrono::seconds(Least));
    }
};

/// At most the life of a presigned address.
struct LifeOfAddress : Duration {
    static std::chrono::seconds parse(std::string const& text);
};

struct Minutes {
    static std::chrono::seconds parse(std::string const& text);
    static std::string print(std::chrono::seconds value) { return std::to_string(value.count() / 60); }
};

/// One of the words that `Choices::all` pairs with values. If several words have one value, the first is printed.
template <class Choices>
struct Choice {
    static auto parse(std::string const& text) { return one_of(text, Choices::all); }
    static std::string print(auto const& value) {
        auto const found =
            std::ranges::find_if(Choices::all, [&](auto const& choice) { return choice.second == value; });
        return std::string(found->first);
    }
};

template <class Value>
using Word = std::pair<std::string_view, Value>;

struct OnOff {
    static constexpr std::array all{Word<bool>{"on", true}, Word<bool>{"off", false}, Word<bool>{"1", true},
                                    Word<bool>{"0", false}};
};
struct OneOrZero {
    static constexpr std::array all{Word<bool>{"1", true}, Word<bool>{"0", false}, Word<bool>{"on", true},
                                    Word<bool>{"off", false}};
};
/// Whether TLS is required; unset: it depends on the address.
struct SmtpTls {
    static constexpr std::array all{Word<std::optional<bool>>{"auto", std::nullopt},
                                    Word<std::optional<bool>>{"require", true},
                                    Word<std::optional<bool>>{"off", false}};
};
struct MigrateMode {
    static constexpr std::array all{Word<bool>{"auto", true}, Word<bool>{"off", false}};
};
struct StreamMode {
    static constexpr std::array all{Word<bool>{"redirect", true}, Word<bool>{"proxy", false}};
};
struct Addressing {
    static constexpr std::array all{Word<std::optional<bool>>{"auto", std::nullopt},
                                    Word<std::optional<bool>>{"path", true},
                                    Word<std::optional<bool>>{"virtual", false}};
};
struct Sandbox {
    static constexpr std::array all{Word<media::SandboxMode>{"auto", media::SandboxMode::automatic},
                                    Word<media::SandboxMode>{"require", media::SandboxMode::require}};
};
/// The role of accounts that register themselves. It cannot be administrator.
struct RegistrationRole {
    static constexpr std::array all{Word<Role>{"viewer", Role::viewer}, Word<Role>{"editor", Role::editor}};
};
struct RegistrationModeName {
    static constexpr std::array all{Word<RegistrationMode>{"open", RegistrationMode::open},
                                    Word<RegistrationMode>{"invite", RegistrationMode::invite},
                                    Word<RegistrationMode>{"closed", RegistrationMode::closed}};
};
struct VisibilityName {
    static constexpr std::array all{
        Word<Visibility>{"public", Visibility::public_}, Word<Visibility>{"members", Visibility::members},
        Word<Visibility>{"unlisted", Visibility::unlisted}, Word<Visibility>{"private", Visibility::private_}};
};
struct Level {
    static constexpr std::array all{Word<LogLevel>{"trace", LogLevel::trace}, Word<LogLevel>{"debug", LogLevel::debug},
                                    Word<LogLevel>{"info", LogLevel::info},
                                    Word<LogLevel>{"warning", LogLevel::warning},
                                    Word<LogLevel>{"error", LogLevel::error}};
};
struct Algorithm {
    static constexpr std::array all{Word<std::string_view>{"HS256", "HS256"}, Word<std::string_view>{"HS384", "HS384"},
                                    Word<std::string_view>{"HS512", "HS512"}, Word<std::string_view>{"RS256", "RS256"},
                                    Word<std::string_view>{"ES256", "ES256"}};
};

/// The default is `auto`: text on a terminal, else JSON.
struct Format {
    static LogFormat parse(std::string const& text);
    static std::string print(LogFormat /*value*/) { return "auto"; }
};

struct Host : Text {
    static std::string parse(std::string const& text);
};

/// An http or https URL without slashes at its end; an empty text stays empty.
struct WebAddress : Text {
    static std::string parse(std::string const& text);
};

/// The same without a path.
struct WebOrigin : Text {
    static std::string parse(std::string const& text);
};

/// `*` or origins, comma-separated.
struct Origins {
    static std::vector<std::string> parse(std::string const& text);
    static std::string print(std::vector<std::string> const& value);
};

/// An https URL, or http on this machine, without query and fragment; an empty text stays empty.
struct IssuerUrl : Text {
    static std::string parse(std::string const& text);
};

/// Scopes of OAuth between spaces, `openid` among them.
struct Scopes : Text {
    static std::string parse(std::string const& text);
};

/// URIs of any scheme without fragments, comma-separated.
struct UrlList {
    static std::vector<std::string> parse(std::string const& text);
    static std::string print(std::vector<std::string> const& value) { return Origins::print(value); }
};

/// Addresses and networks, comma-separated. None by default.
struct Proxies {
    static http::Networks parse(std::string const& text);
    static std::string print(http::Networks const& /*value*/) { return ""; }
};

/// The URL of a mail server, without credentials; an empty text stays empty.
struct SmtpUrl : Text {
    static std::string parse(std::string const& text);
};

/// `viewer@example.com` or `Clinikk TV <tv@example.com>`; an empty text stays empty.
struct Sender {
    static MailSender parse(std::string const& text);
    static std::string print(MailSender const& /*value*/) { return ""; }
};

/// An http or https URL with the place of a token, `{token}`; an empty text stays empty.
struct LinkPage : Text {
    static std::string parse(std::string const& text);
};

struct DatabaseUrl : Text {
    static std::string parse(std::string const& text);
};

/// The text of a port number; an empty text stays empty.
struct PortText : Text {
    static std::string parse(std::string const& text);
};

/// A key for HS… of 32 bytes or more, or a private key as PEM; an empty text stays empty.
struct SecretKey : Text {
    static std::string parse(std::string const& text);
};

/// Whether new media goes to a bucket.
struct Provider {
    static bool parse(std::string const& text);
    static std::string print(bool is_s3) { return is_s3 ? "S3" : "local"; }
};

/// The rules of S3 for names. They keep the name of a bucket from being anything else in a URL.
struct Bucket : Text {
    static std::string parse(std::string const& text);
};

}  // namespace clinikk::app::form
