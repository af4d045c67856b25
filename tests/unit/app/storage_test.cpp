#include "app/storage.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "app/system_clock.hpp"
#include "support/memory_source.hpp"
#include "support/temporary_directory.hpp"

namespace clinikk::app {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

/// Something that takes connections and never answers.
class SilentBucket {
public:
    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

    /// Whether somebody has sent something to it.
    bool is_asked() {
        if (!peer_) {
            boost::system::error_code none;
            tcp::socket peer(loop_);
            acceptor_.accept(peer, none);
            if (none) return false;
            peer_.emplace(std::move(peer));
        }
        return peer_->available() > 0;
    }

    SilentBucket() { acceptor_.non_blocking(true); }

private:
    asio::io_context loop_;
    tcp::acceptor acceptor_{loop_, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)};
    std::optional<tcp::socket> peer_;
};

Settings settings_for(SilentBucket const& bucket, std::filesystem::path const& data_dir) {
    Settings settings;
    settings.data_dir = data_dir;
    settings.storage.s3.bucket = "media";
    settings.storage.s3.endpoint = bucket.endpoint();
    settings.storage.keys.access_key_id = "key";
    settings.storage.keys.secret_access_key = "secret";
    settings.storage.upload_memory = 64UL * 1024 * 1024;
    return settings;
}

Task<> put(ObjectStore& store) {
    testing::MemorySource source(std::string(100'000, 'x'));
    auto const write = co_await store.create("01900000-0000-7000-8000-000000000001");
    write->set_labeller([] { return ObjectLabel{"audio/01900000-0000-7000-8000-000000000001.wav", "audio/wav", ""}; });
    auto const stored = co_await write->write(source, 1'000'000);
    stored.value();
    co_await write->commit("audio/01900000-0000-7000-8000-000000000001.wav");
}

// What a transfer sends is on loan from a budget; the order in which both end is that of the members.
TEST(Storage, EndsWhileBytesAreOnTheirWayToTheBucket) {
    for (bool const stops_first : {true, false}) {
        testing::TemporaryDirectory const directory;
        SilentBucket bucket;
        Log log(LogLevel::error, LogFormat::text);
        SystemClock clock;
        BlockingPool pool(1);
        std::optional<Storage> storage(std::in_place, settings_for(bucket, directory.path()), 1, clock, pool, log);
        {
            asio::io_context loop;
            asio::co_spawn(loop, put(storage->object_stores().named("s3")), asio::detached);
            while (!bucket.is_asked()) loop.run_for(1ms);
            if (stops_first) storage->stop();
        }
        storage.reset();
        SUCCEED();
    }
}

}  // namespace
}  // namespace clinikk::app
