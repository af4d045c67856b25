#include "base/hmac.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.hpp"

namespace clinikk {
namespace {

struct Case {
    std::string key;
    std::string message;
    std::string_view digest;
};

// RFC 4231, sections 4.2 to 4.8, and keys of one block, one byte more, and none.
TEST(Hmac, PublishedVectors) {
    Case const cases[] = {
        {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {std::string(20, '\xaa'), std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
         "hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
        {std::string(64, 'k'), "", "83026a325aaee70e36cfe607536aa1054104ad1077c36134810d4ccded1ccd3b"},
        {std::string(65, 'k'), "", "41f1c4cc3107cd5b8d92460f61032902bfdb06484eef17e861b83a5012d3b7f3"},
        {std::string(0, 'k'), "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (auto const& [key, message, digest] : cases) EXPECT_EQ(to_hex(hmac_sha256(key, message)), digest) << key.size();
}

}  // namespace
}  // namespace clinikk
