#include "client/smtp.hpp"

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

namespace clinikk {
namespace {

constexpr long connect_seconds = 10;
constexpr long total_seconds = 60;

struct Unread {
    std::string_view bytes;
};

struct Lines {
    curl_slist* first = nullptr;
    Lines() = default;
    Lines(Lines const&) = delete;
    Lines& operator=(Lines const&) = delete;
    ~Lines() { curl_slist_free_all(first); }
};

std::size_t read_message(char* out, std::size_t size, std::size_t count, void* unread) {
    auto& bytes = static_cast<Unread*>(unread)->bytes;
    auto const length = std::min(size * count, bytes.size());
    std::memcpy(out, bytes.data(), length);
    bytes.remove_prefix(length);
    return length;
}

int on_progress(void* is_cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return (*static_cast<std::function<bool()> const*>(is_cancelled))() ? 1 : 0;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) throw std::logic_error("libcurl lacks an option");
}

void set_server(CURL* easy, SmtpServer const& server) {
    set(easy, CURLOPT_URL, server.url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    // The place of the server is a setting: proxies in the environment do not change it.
    set(easy, CURLOPT_PROXY, "");
    set(easy, CURLOPT_USE_SSL, static_cast<long>(needs_tls(server) ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!server.ca_file.empty()) set(easy, CURLOPT_CAINFO, server.ca_file.c_str());
    if (!server.username.empty()) {
        set(easy, CURLOPT_USERNAME, server.username.c_str());
        set(easy, CURLOPT_PASSWORD, server.password.c_str());
    }
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    set(easy, CURLOPT_TIMEOUT, total_seconds);
}

/// A reply of the 500s is about this mail, unless the server refused the login or TLS, which settings may mend.
bool is_permanent(CURLcode code, long reply) {
    bool const is_about_settings = code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED;
    return reply >= 500 && reply < 600 && !is_about_settings;
}

}  // namespace

bool needs_tls(SmtpServer const& server) {
    auto const url = boost::urls::parse_uri(server.url);
    if (!url || url->scheme() == "smtps") return true;
    if (server.require_tls) return *server.require_tls;
    auto const ipv4 = boost::urls::parse_ipv4_address(url->host());
    auto const ipv6 = boost::urls::parse_ipv6_address(url->host_address());
    bool const is_address = (ipv4 && ipv4->is_loopback()) || (ipv6 && ipv6->is_loopback());
    // Boost.URL 1.81 takes `127.0.0.1.example.com` for an address and the path `.example.com`.
    bool const is_loopback = url->path().empty() && (is_address || url->host() == "localhost");
    return !is_loopback;
}

std::optional<SmtpFailure> send_by_smtp(SmtpServer const& server, std::string const& from, std::string const& to,
                                        std::string_view message, std::function<bool()> const& is_cancelled) {
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> const owner(curl_easy_init(), &curl_easy_cleanup);
    auto* const easy = owner.get();
    if (easy == nullptr) throw std::bad_alloc();
    set_server(easy, server);
    auto const sender = '<' + from + '>';
    set(easy, CURLOPT_MAIL_FROM, sender.c_str());
    Lines recipients;
    recipients.first = curl_slist_append(nullptr, ('<' + to + '>').c_str());
    set(easy, CURLOPT_MAIL_RCPT, recipients.first);
    Unread unread{message};
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_READFUNCTION, &read_message);
    set(easy, CURLOPT_READDATA, static_cast<void*>(&unread));
    set(easy, CURLOPT_NOPROGRESS, 0L);
    set(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(easy, CURLOPT_XFERINFODATA, const_cast<void*>(static_cast<void const*>(&is_cancelled)));
    auto const code = curl_easy_perform(easy);
    if (code == CURLE_OK) return std::nullopt;
    long reply = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    std::string reason = curl_easy_strerror(code);
    if (reply != 0) reason += " (the server replied " + std::to_string(reply) + ')';
    return SmtpFailure{std::move(reason), is_permanent(code, reply)};
}

}  // namespace clinikk
