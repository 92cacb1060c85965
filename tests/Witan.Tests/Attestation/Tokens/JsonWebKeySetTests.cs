using System.Security.Cryptography;
using System.Text;
using Witan.Attestation;
using Xunit;

namespace Witan.Tests.Attestation.Tokens;

/// <summary>Public keys as they are published, and what refuses a set.</summary>
public class JsonWebKeySetTests
{
    // RFC 7515, appendix A.3: the key of the ES256 example.
    private const string X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    private const string Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    [Fact]
    public void The_thumbprint_is_that_of_RFC_7638()
    {
        Assert.True(Parse($$"""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"{{X}}","y":"{{Y}}"}]}""", out JsonWebKeySet? set));
        using ECDsa key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = set!.Keys[0].X.ToArray(), Y = set.Keys[0].Y.ToArray() } });
        // oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U was computed by npm's jose.
        Assert.Equal("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U", JsonWebKey.Of(key).KeyId);
    }

    [Theory]
    [InlineData("""{"keys":[{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","kid":"b","x":"AA"}]}""", 0)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"secp256k1","kid":"a","x":"AA","y":"AA"}]}""", 0)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","use":"enc","x":"AA","y":"AA"}]}""", 0)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"X","y":"Y"}]}""", 0)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y"}]}""", 1)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"X"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"AA"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-384","kid":"a","x":"X","y":"Y"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a/b","x":"X","y":"Y"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y","d":"AA"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y","alg":"HS256"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y"},{"kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y"}]}""", null)]
    [InlineData("""{"keys":[{"kty":"EC","kty":"EC","crv":"P-256","kid":"a","x":"X","y":"Y"}]}""", null)]
    [InlineData("""{"keys":{}}""", null)]
    [InlineData("""[]""", null)]
    [InlineData("""{"keys":[1]}""", null)]
    [InlineData("", null)]
    public void A_set_is_read_whole_or_not_at_all(string json, int? keys)
    {
        bool good = Parse(json.Replace("\"X\"", $"\"{X}\"", StringComparison.Ordinal).Replace("\"Y\"", $"\"{Y}\"", StringComparison.Ordinal), out JsonWebKeySet? set);
        Assert.Equal(keys, good ? set!.Keys.Length : null);
    }

    [Fact]
    public void An_old_key_stays_while_its_tokens_live()
    {
        using ECDsa old = ECDsa.Create(ECCurve.NamedCurves.nistP256), young = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        JsonWebKeySet both = new JsonWebKeySet([JsonWebKey.Of(old)]).With(JsonWebKey.Of(young)).With(JsonWebKey.Of(old));
        Assert.True(JsonWebKeySet.TryParse(both.ToJson(), out JsonWebKeySet? read, out _));
        Assert.Equal([JsonWebKey.Of(old).KeyId, JsonWebKey.Of(young).KeyId], read.Keys.Select(key => key.KeyId));
    }

    private static bool Parse(string json, out JsonWebKeySet? set) => JsonWebKeySet.TryParse(Encoding.UTF8.GetBytes(json), out set, out _);
}
