using System.Security.Cryptography;
using Witan.Voting;
using Xunit;

namespace Witan.Tests.Voting;

public class DidKeyTests
{
    // The example of the did:key specification (section on Ed25519).
    private const string Example = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

    [Fact]
    public void Names_read_and_write_alike_and_name_their_key()
    {
        Assert.True(DidKey.TryParse(Example, out DidKey? did));
        Assert.Equal((DidKeyKind.Ed25519, Example), (did.Kind, did.ToString()));
        for (int i = 0; i < 200; i++)
        {
            AgentKeys keys = new Agent().Keys;
            Assert.True(DidKey.TryParse(keys.Did(), out DidKey? own));
            Assert.True(own.Names(keys));
            Assert.False(did.Names(keys));
        }

        var p256 = new DidKey(DidKeyKind.P256, [2, .. RandomNumberGenerator.GetBytes(32)]);
        Assert.StartsWith("did:key:zDn", p256.ToString(), StringComparison.Ordinal);
        Assert.True(DidKey.TryParse(p256.ToString(), out DidKey? again));
        Assert.Equal(p256, again);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("did:local:3001")]
    [InlineData("did:key:z")]
    [InlineData("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do")]
    [InlineData("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doKK")]
    [InlineData("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do0")]
    [InlineData("did:web:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")]
    [InlineData("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme")]
    public void Everything_else_is_refused(string? text) => Assert.False(DidKey.TryParse(text, out _));
}
