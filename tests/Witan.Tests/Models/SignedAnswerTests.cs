using System.Security.Cryptography;
using System.Text;
using Witan.Crypto;
using Witan.Worker.Models;
using Xunit;

namespace Witan.Tests.Models;

/// <summary>A provider's signature over an answer: both kinds, both algorithms, and each single change refused.</summary>
public sealed class SignedAnswerTests
{
    private const string Model = "deepseek-ai/DeepSeek-V3.1";
    private static readonly ModelExchange Exchange = new("""{"a":1}"""u8.ToArray(), "{\"b\":2}\n\n"u8.ToArray()) { CompletionId = "chatcmpl-1" };
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);

    [Theory]
    [InlineData("provider_tee", AnswerSigner.ProviderTee)]
    [InlineData("gateway", AnswerSigner.Gateway)]
    public void Both_kinds_verify_under_both_algorithms(string kind, AnswerSigner expected)
    {
        foreach (SignedAnswer answer in new[] { Ecdsa(kind), Ecdsa(kind, v: 0), EdDsa(kind) })
        {
            Assert.Null(answer.Problem(Exchange, Model, out AnswerSigner signer));
            Assert.Equal(expected, signer);
        }
    }

    [Fact]
    public void Every_single_change_is_refused()
    {
        foreach (SignedAnswer good in new[] { Ecdsa("provider_tee"), EdDsa("provider_tee") })
        {
            SignedAnswer[] changed =
            [
                good with { SignatureKind = null },
                good with { SignatureKind = "gateway" },
                good with { SignatureKind = "PROVIDER_TEE" },
                good with { SigningAlgo = good.SigningAlgo == "ecdsa" ? "ed25519" : "ecdsa" },
                good with { SigningAlgo = null },
                good with { Text = null },
                good with { Text = good.Text![..^1] },
                good with { Text = good.Text + " " },
                good with { Text = good.Text!.ToUpperInvariant() },
                good with { Signature = null },
                good with { Signature = "zz" },
                good with { Signature = good.Signature![..^2] },
                good with { Signature = Flip(good.Signature!) },
                good with { SigningAddress = null },
                good with { SigningAddress = Flip(good.SigningAddress!) },
                good with { SigningAddress = "0x" },
            ];
            Assert.All(changed, answer => Assert.NotNull(answer.Problem(Exchange, Model, out _)));
            Assert.NotNull(good.Problem(Exchange, "another/model", out _));
            Assert.NotNull(good.Problem(Exchange with { Request = "{\"a\": 1}"u8.ToArray() }, Model, out _));
            Assert.NotNull(good.Problem(Exchange with { Response = "{\"b\":2}\n"u8.ToArray() }, Model, out _));
        }
    }

    // A gateway's text put behind a model's name that carries the first hash: split at colons, it would read as the provider's.
    [Fact]
    public void A_model_name_that_carries_a_hash_proves_nothing()
    {
        string hashes = Hashes();
        SignedAnswer gateway = Sign(hashes, "gateway");
        Assert.NotNull((gateway with { SignatureKind = "provider_tee" }).Problem(Exchange, hashes[..64], out _));
    }

    private static string Hashes() => $"{Convert.ToHexStringLower(Exchange.RequestHash())}:{Convert.ToHexStringLower(Exchange.ResponseHash())}";

    private static string Text(string kind) => kind == "gateway" ? Hashes() : $"{Model}:{Hashes()}";

    private SignedAnswer Ecdsa(string kind, byte v = 27) => Sign(Text(kind), kind, v);

    private SignedAnswer Sign(string text, string kind, byte v = 27)
    {
        byte[] message = Encoding.UTF8.GetBytes(text);
        byte[] digest = Keccak.Hash256([.. Encoding.UTF8.GetBytes($"\u0019Ethereum Signed Message:\n{message.Length}"), .. message]);
        byte[] signature = Secp256k1.SignRecoverable(_seed, digest);
        signature[64] += v;
        Assert.True(Secp256k1.TryDecompress(Secp256k1.PublicKey(_seed), out byte[]? point));
        return new SignedAnswer(text, "0x" + Convert.ToHexStringLower(signature), "0x" + Convert.ToHexStringLower(Keccak.Hash256(point.AsSpan(1)).AsSpan(12)), "ecdsa", kind);
    }

    private SignedAnswer EdDsa(string kind)
    {
        string text = Text(kind);
        return new SignedAnswer(
            text, Convert.ToHexStringLower(Ed25519.Sign(_seed, Encoding.UTF8.GetBytes(text))), Convert.ToHexStringLower(Ed25519.PublicKey(_seed)), "ed25519", kind);
    }

    private static string Flip(string hex) => hex[..^1] + (hex[^1] == '0' ? '1' : '0');
}
