#pragma once

#include <curl/curl.h>

#include <mutex>
#include <optional>
#include <string>

#include "base/async/wakeup.hpp"
#include "client/http_client.hpp"

namespace clinikk::client {

/// One exchange, shared by two threads: the loop of the client feeds it, and the coroutine that asked takes from it.
class Transfer {
public:
    Transfer(HttpRequest request, HttpClientOptions const& options, boost::asio::any_io_executor const& asker);
    Transfer(Transfer const&) = delete;
    Transfer& operator=(Transfer const&) = delete;
    ~Transfer();

    // For the loop's thread.

    CURL* easy() const noexcept { return easy_; }
    /// The transfer is over; with an error unless `code` is CURLE_OK.
    void finish(CURLcode code);
    /// Wakes the coroutine for bytes that were too few to wake it when they arrived.
    void wake_for_less();

    // For the coroutine's thread.

    /// Waits until the head has arrived. Throws TransferError.
    Task<> wait_head();
    /// Replaces `piece` with the bytes that have arrived; empty at the end. Throws TransferError.
    Task<> take(std::string& piece);
    /// The caller has lost interest: the executor of the coroutine is not touched from here on.
    void abandon();
    /// Call it after `wait_head` has returned.
    HttpHead const& head() const noexcept { return head_; }
    /// Whether bytes were held back because nobody took them. Resets the answer.
    bool was_paused();

private:
    void set_options(HttpClientOptions const& options);
    void set_request();
    void receive_header(std::string_view line);
    void throw_failure() const;
    void wake();  ///< with `mutex_` held
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);

    HttpRequest request_;
    CURL* easy_;
    curl_slist* lines_ = nullptr;
    std::string error_text_;
    bool owes_wake_ = false;  ///< touched by the loop's thread only
    HttpHead head_;           ///< does not change once `has_head_` is set

    std::mutex mutex_;  ///< guards the members below
    bool has_head_ = false;
    bool is_done_ = false;
    bool is_paused_ = false;
    std::optional<Wakeup> wakeup_;  ///< none once the caller has lost interest: its executor may be gone then
    std::string received_;
    std::optional<TransferError> failure_;
};

}  // namespace clinikk::client
