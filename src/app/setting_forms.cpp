#include "app/setting_forms.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <sched.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "domain/values.hpp"
#include "oidc/provider_metadata.hpp"

namespace clinikk::app::form {
namespace {

/// The number of cores that this process may use: its affinity, or the quota of its control group if that is less.
std::size_t available_cores() {
    cpu_set_t set;
    std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    if (::sched_getaffinity(0, sizeof set, &set) == 0) cores = static_cast<std::size_t>(CPU_COUNT(&set));
    std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0;
    if (quota_file >> quota >> period && quota != "max" && period > 0) {
        cores = std::min(cores, static_cast<std::size_t>(std::ceil(std::strtod(quota.c_str(), nullptr) / period)));
    }
    return std::max<std::size_t>(1, cores);
}

/// Accepts scheme and authority, and a path if that is allowed; nothing else.
bool is_web_address(std::string_view text, bool with_path) {
    auto const url = boost::urls::parse_uri(text);
    if (!url || url->has_userinfo() || url->has_query() || url->has_fragment() || url->host().empty()) return false;
    if (url->scheme_id() != boost::urls::scheme::http && url->scheme_id() != boost::urls::scheme::https) return false;
    return with_path || url->path().empty();
}

std::string lower(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

std::string without_slashes_at_end(std::string text) {
    while (text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace

std::size_t Cores::parse(std::string const& text) {
    return text.empty() ? available_cores() : whole_number<std::size_t>(text, 1, 1024);
}

std::uint64_t SizeOfFile::parse(std::string const& text) {
    auto const size = bytes(text);
    if (size == 0) must("at least one byte");
    return size;
}

std::uint64_t SizeOfHash::parse(std::string const& text) {
    auto const size = bytes(text);
    if (size > 4ULL << 30U) must("at most 4GiB");
    return size;
}

std::uint64_t SizeOfUploadMemory::parse(std::string const& text) {
    constexpr std::uint64_t least = 64ULL << 20U;
    auto const size = bytes(text);
    if (size < least) must("at least 64MiB, which is the largest part of an upload");
    return size;
}

std::optional<std::uint64_t> OptionalSize::parse(std::string const& text) {
    return text.empty() ? std::nullopt : std::optional(bytes(text));
}

std::chrono::seconds LifeOfAddress::parse(std::string const& text) {
    auto const life = at_least_one_second(text);
    if (life > std::chrono::hours(7 * 24)) must("at most 7d");
    return life;
}

std::chrono::seconds Minutes::parse(std::string const& text) {
    return std::chrono::minutes(whole_number<int>(text, 1, 525600));
}

LogFormat Format::parse(std::string const& text) {
    auto const automatic = ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
    std::array const formats{Word<LogFormat>{"auto", automatic}, Word<LogFormat>{"json", LogFormat::json},
                             Word<LogFormat>{"text", LogFormat::text}};
    return one_of(text, formats);
}

std::string Host::parse(std::string const& text) {
    auto host = text == "localhost" ? "127.0.0.1" : text;
    bool const is_address = boost::urls::parse_ipv4_address(host) || boost::urls::parse_ipv6_address(host);
    if (!is_address) must("an IP address such as 127.0.0.1, 0.0.0.0 for all, or ::1");
    return host;
}

std::string WebAddress::parse(std::string const& text) {
    auto url = without_slashes_at_end(text);
    if (!text.empty() && !is_web_address(url, true)) must("an http or https URL without query and fragment");
    return url;
}

std::string WebOrigin::parse(std::string const& text) {
    auto url = without_slashes_at_end(text);
    if (!text.empty() && !is_web_address(url, false)) must("an http or https URL without a path");
    return url;
}

std::vector<std::string> Origins::parse(std::string const& text) {
    auto origins = comma_list(text);
    for (auto const& origin : origins) {
        if (origin != "*" && !is_web_address(origin, false)) must("* or origins such as https://app.example.com");
    }
    return origins;
}

std::string Origins::print(std::vector<std::string> const& value) {
    std::string text;
    for (auto const& origin : value) text.append(text.empty() ? "" : ",").append(origin);
    return text;
}

std::string IssuerUrl::parse(std::string const& text) {
    bool const fits = text.empty() || (is_web_address(text, true) && oidc::is_safe_endpoint(text));
    if (!fits) must("an https URL without query and fragment; http works for localhost only");
    return text;
}

std::string Scopes::parse(std::string const& text) {
    bool const has_openid = (' ' + text + ' ').find(" openid ") != std::string::npos;
    auto const is_plain = [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    if (!has_openid || !std::ranges::all_of(text, is_plain)) must("scopes between spaces, openid among them");
    return text;
}

std::vector<std::string> UrlList::parse(std::string const& text) {
    auto urls = comma_list(text);
    for (auto const& each : urls) {
        auto const url = boost::urls::parse_uri(each);
        std::string_view const scheme = url ? std::string_view(url->scheme()) : std::string_view();
        bool const runs_script = scheme == "javascript" || scheme == "data" || scheme == "vbscript";
        if (!url || url->has_fragment() || runs_script)
            must("URLs such as https://app.example.com/signed-in or app:/x");
    }
    return urls;
}

http::Networks Proxies::parse(std::string const& text) {
    http::Networks networks;
    for (auto const& item : comma_list(text)) {
        auto const network = http::Network::parse(item);
        if (!network) must("addresses and networks such as 127.0.0.1, 10.0.0.0/8 or fd00::/8, comma-separated");
        networks.push_back(*network);
    }
    return networks;
}

std::string DatabaseUrl::parse(std::string const& text) {
    // The form of SQLAlchemy: the driver after the plus is not ours.
    constexpr std::string_view with_driver = "postgresql+psycopg2://";
    bool const alchemy = text.starts_with(with_driver);
    bool const known =
        text.starts_with("sqlite:") || text.starts_with("postgresql://") || text.starts_with("postgres://");
    if (!text.empty() && !known && !alchemy) must("a postgresql:// or sqlite: URL");
    if (text == "sqlite:" || text == "sqlite::memory:") must("sqlite: and the path of a file");
    return alchemy ? "postgresql://" + text.substr(with_driver.size()) : text;
}

std::string SmtpUrl::parse(std::string const& text) {
    auto url_text = without_slashes_at_end(text);
    if (text.empty()) return url_text;
    auto const url = boost::urls::parse_uri(url_text);
    bool const is_server = url && (url->scheme() == "smtp" || url->scheme() == "smtps") && !url->host().empty() &&
                           url->path().empty() && !url->has_query() && !url->has_fragment();
    if (!is_server) must("smtp:// or smtps://, a host and a port, such as smtp://mail.example.com:587");
    if (url->has_userinfo()) must("without a user: use SMTP_USERNAME and SMTP_PASSWORD");
    if (!url->port().empty()) PortText::parse(url->port());
    return url_text;
}

MailSender Sender::parse(std::string const& text) {
    if (text.empty()) return {};
    auto const bracket = text.rfind('<');
    bool const has_name = bracket != text.npos && text.ends_with('>');
    auto const address = Email::parse(has_name ? text.substr(bracket + 1, text.size() - bracket - 2) : text);
    auto const name = parse_line(has_name ? text.substr(0, bracket) : "", 0, 100);
    if (!address || !name) must("an e-mail address, or a name of one line and <the address>");
    return {*name, address->value()};
}

std::string LinkPage::parse(std::string const& text) {
    constexpr std::string_view mark = "{token}";
    if (text.empty()) return text;
    auto example = text;
    auto const place = example.find(mark);
    if (place != example.npos) example.replace(place, mark.size(), "token");
    auto const url = boost::urls::parse_uri(example);
    bool const is_page =
        place != text.npos && url && !url->has_userinfo() && !url->host().empty() &&
        (url->scheme_id() == boost::urls::scheme::http || url->scheme_id() == boost::urls::scheme::https);
    if (!is_page) must("an http or https URL with {token} where the token shall be");
    return text;
}

std::string PortText::parse(std::string const& text) {
    if (!text.empty()) whole_number<int>(text, 1, 65535);
    return text;
}

std::string SecretKey::parse(std::string const& text) {
    constexpr std::size_t least = 32;
    bool const key_pair = text.starts_with("-----BEGIN");
    if (!text.empty() && !key_pair && text.size() < least) must("at least 32 bytes long (try: openssl rand -hex 32)");
    return text;
}

bool Provider::parse(std::string const& text) {
    auto const name = lower(text);
    if (name != "local" && name != "s3") must("local or S3");
    return name == "s3";
}

std::string Bucket::parse(std::string const& text) {
    bool const fits = text.empty() || (text.size() >= 3 && text.size() <= 63 &&
                                       text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == text.npos);
    if (!fits) must("the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens");
    return text;
}

}  // namespace clinikk::app::form
