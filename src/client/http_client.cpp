#include "client/http_client.hpp"

#include <boost/asio/this_coro.hpp>

#include "client/multi_loop.hpp"

namespace clinikk::client {

class HttpClient::Loop : public MultiLoop {
public:
    explicit Loop(HttpClientOptions options_in) : options(std::move(options_in)) {}
    HttpClientOptions const options;
};

/// What the caller holds of a transfer.
class HttpClient::Stream final : public HttpStream {
public:
    Stream(std::shared_ptr<Loop> loop, std::shared_ptr<Transfer> transfer)
        : loop_(std::move(loop)), transfer_(std::move(transfer)) {
        loop_->start(transfer_);
    }
    Stream(Stream const&) = delete;
    Stream& operator=(Stream const&) = delete;
    ~Stream() override {
        transfer_->abandon();
        loop_->end(transfer_);
    }

    HttpHead const& head() const noexcept override { return transfer_->head(); }

    Task<> wait_head() { return transfer_->wait_head(); }

    Task<> next(std::string& piece) override {
        co_await transfer_->take(piece);
        if (transfer_->was_paused()) loop_->resume(transfer_);
    }

private:
    std::shared_ptr<Loop> loop_;
    std::shared_ptr<Transfer> transfer_;
};

HttpClient::HttpClient(HttpClientOptions options) : loop_(std::make_shared<Loop>(std::move(options))) {}

HttpClient::~HttpClient() { stop(); }

Task<std::unique_ptr<HttpStream>> HttpClient::open(HttpRequest request) {
    auto const executor = co_await boost::asio::this_coro::executor;
    auto transfer = std::make_shared<Transfer>(std::move(request), loop_->options, executor);
    auto stream = std::make_unique<Stream>(loop_, std::move(transfer));
    co_await stream->wait_head();
    co_return stream;
}

Task<HttpAnswer> HttpClient::send(HttpRequest request, std::size_t max_body) {
    auto const stream = co_await open(std::move(request));
    HttpAnswer answer{stream->head(), {}};
    std::string piece;
    while (true) {
        co_await stream->next(piece);
        if (piece.empty()) co_return answer;
        if (answer.body.size() + piece.size() > max_body) throw TransferError("the answer is too long", false);
        answer.body += piece;
    }
}

void HttpClient::stop() { loop_->stop(); }

}  // namespace clinikk::client
