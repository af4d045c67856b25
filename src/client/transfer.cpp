#include "client/transfer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace clinikk::client {
namespace {

constexpr std::size_t receive_window = 256UL * 1024;
/// The size of one read, and of what is passed on at once. Larger is not faster: it leaves the caches between two
/// threads.
constexpr std::size_t worth_a_wake = 64UL * 1024;
constexpr long buffer_bytes = worth_a_wake;
constexpr long upload_buffer_bytes = 128L * 1024;

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) throw std::logic_error("libcurl lacks an option");
}

}  // namespace

std::string_view HttpHead::find(std::string_view name) const noexcept {
    auto const found = fields.find(name);
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

Transfer::Transfer(HttpRequest request, HttpClientOptions const& options, boost::asio::any_io_executor const& asker)
    : request_(std::move(request)),
      easy_(curl_easy_init()),
      error_text_(CURL_ERROR_SIZE, '\0'),
      wakeup_(Wakeup(asker)) {
    if (easy_ == nullptr) throw std::bad_alloc();
    set_options(options);
    set_request();
}

Transfer::~Transfer() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(lines_);
}

void Transfer::set_options(HttpClientOptions const& options) {
    set(easy_, CURLOPT_ERRORBUFFER, error_text_.data());
    set(easy_, CURLOPT_NOSIGNAL, 1L);
    set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
    // The place of the store is a setting: proxies in the environment do not change it.
    set(easy_, CURLOPT_PROXY, "");
    set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(easy_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.silence.count()));
    set(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(options.total).count()));
    set(easy_, CURLOPT_BUFFERSIZE, buffer_bytes);
    set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
    set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
    if (!options.ca_file.empty()) set(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
}

void Transfer::set_request() {
    set(easy_, CURLOPT_URL, request_.url.c_str());
    set(easy_, CURLOPT_PATH_AS_IS, 1L);  // the signed path is the path that is sent
    if (request_.method == "HEAD") {
        set(easy_, CURLOPT_NOBODY, 1L);
    } else if (request_.method == "PUT" || request_.method == "POST") {
        set(easy_, CURLOPT_POST, 1L);
        set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        set(easy_, CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.data());
        set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    } else {
        set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }
    // An empty value removes a field that libcurl would add.
    lines_ = curl_slist_append(lines_, "Expect:");
    lines_ = curl_slist_append(lines_, "Accept:");
    bool const has_type =
        std::ranges::any_of(request_.headers, [](auto const& line) { return line.starts_with("Content-Type:"); });
    if (!has_type) lines_ = curl_slist_append(lines_, "Content-Type:");
    for (auto const& line : request_.headers) lines_ = curl_slist_append(lines_, line.c_str());
    set(easy_, CURLOPT_HTTPHEADER, lines_);
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    static_cast<Transfer*>(self)->receive_header(std::string_view(data, size * count));
    return size * count;
}

void Transfer::receive_header(std::string_view line) {
    std::lock_guard const lock(mutex_);
    if (has_head_) return;  // trailers
    if (line.starts_with("HTTP/")) {
        head_ = {};
        auto const space = line.find(' ');
        if (space != line.npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), head_.status);
        return;
    }
    if (trim(line).empty()) {
        has_head_ = head_.status >= 200;  // an interim answer is followed by another
        if (has_head_) wake();
        return;
    }
    auto const colon = line.find(':');
    if (colon == line.npos) return;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    head_.fields[std::move(name)] = trim(line.substr(colon + 1));
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    std::lock_guard const lock(transfer.mutex_);
    if (!transfer.wakeup_) return 0;
    if (transfer.received_.size() >= receive_window) {
        transfer.is_paused_ = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (transfer.received_.empty()) transfer.owes_wake_ = true;
    transfer.received_.append(data, size * count);
    if (transfer.owes_wake_ && transfer.received_.size() >= worth_a_wake) transfer.wake();
    return size * count;
}

void Transfer::wake() {
    owes_wake_ = false;
    if (wakeup_) wakeup_->wake();
}

void Transfer::wake_for_less() {
    if (!owes_wake_) return;
    std::lock_guard const lock(mutex_);
    wake();
}

void Transfer::finish(CURLcode code) {
    std::lock_guard const lock(mutex_);
    is_done_ = true;
    if (code != CURLE_OK) {
        std::string const text(error_text_.c_str());
        failure_.emplace(text.empty() ? std::string(curl_easy_strerror(code)) : text, code == CURLE_OPERATION_TIMEDOUT);
    } else if (!has_head_) {
        failure_.emplace("the answer has no head", false);
    }
    wake();
}

void Transfer::throw_failure() const {
    if (failure_) throw TransferError(*failure_);
}

Task<> Transfer::wait_head() {
    while (true) {
        {
            std::lock_guard const lock(mutex_);
            if (has_head_) co_return;
            throw_failure();
        }
        co_await wakeup_->wait();
    }
}

Task<> Transfer::take(std::string& piece) {
    piece.clear();
    while (true) {
        {
            std::lock_guard const lock(mutex_);
            if (!received_.empty()) {
                received_.swap(piece);
                co_return;
            }
            throw_failure();
            if (is_done_) co_return;
        }
        co_await wakeup_->wait();
    }
}

bool Transfer::was_paused() {
    std::lock_guard const lock(mutex_);
    return std::exchange(is_paused_, false);
}

void Transfer::abandon() {
    std::lock_guard const lock(mutex_);
    wakeup_.reset();
}

}  // namespace clinikk::client
