#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace clinikk {

/// A mail server.
struct SmtpServer {
    std::string url{};       ///< `smtp://host:port` or `smtps://host:port`; empty: there is none (SMTP_URL)
    std::string username{};  ///< empty: no login (SMTP_USERNAME)
    std::string password{};
    std::optional<bool> require_tls{};  ///< unset: unless the server is on this host (SMTP_TLS)
    std::string ca_file{};              ///< PEM; empty: the system's (SMTP_CA_FILE)
};

/// Why a mail was not taken.
struct SmtpFailure {
    std::string reason;         ///< for the log, without addresses and content
    bool is_permanent = false;  ///< the server will not take this mail later either
};

/// Returns whether TLS is needed: for any server but one that the settings except, or one at a loopback address whose
/// URL does not ask for TLS.
bool needs_tls(SmtpServer const& server);

/// Sends one message between two bare addresses and returns what went wrong, if anything. Blocks, for a minute at most;
/// it gives up early when `is_cancelled` returns true. `smtp://` begins TLS by STARTTLS (RFC 3207), `smtps://` with the
/// connection (RFC 8314).
std::optional<SmtpFailure> send_by_smtp(SmtpServer const& server, std::string const& from, std::string const& to,
                                        std::string_view message, std::function<bool()> const& is_cancelled);

}  // namespace clinikk
