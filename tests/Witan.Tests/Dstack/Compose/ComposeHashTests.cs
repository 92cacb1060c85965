using System.Text;
using System.Text.Json;
using Witan.Attestation;
using Witan.Dstack.Compose;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Dstack.Compose;

/// <summary>The compose hash over bytes and over the canonical form, against the JavaScript SDK's.</summary>
public class ComposeHashTests
{
    [Fact]
    public void Every_vector_gives_the_canonical_text_and_hash()
    {
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("vectors", "dstack", "compose-hash.json")));
        JsonElement[] all = [.. vectors.RootElement.GetProperty("vectors").EnumerateArray()];
        Assert.Equal(13, all.Length);
        Assert.All(all, vector =>
        {
            bool normalise = vector.TryGetProperty("normalize", out JsonElement flag) && flag.GetBoolean();
            JsonElement compose = vector.GetProperty("compose");
            Assert.Equal(vector.GetProperty("canonical_json").GetString(), Encoding.UTF8.GetString(ComposeHash.Canonical(compose, normalise)));
            Assert.Equal(vector.GetProperty("expected_sha256").GetString(), Convert.ToHexStringLower(ComposeHash.OfObject(compose, normalise)));
        });
    }

    [Fact]
    public void The_hash_of_a_real_file_is_that_of_its_bytes()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("data", "dstack", "rtmr3-app-compose.json"));
        Assert.True(AppCompose.TryParse(file, out AppCompose? compose, out _));
        Assert.Equal("06768e6df639ce3be65e9e5321f8b2d82dbffb01c74323462d34c2feb9653aff", Convert.ToHexStringLower(compose.Hash.Span));
        Assert.Equal("06768e6df639ce3be65e9e5321f8b2d82dbffb01", Convert.ToHexStringLower(compose.DefaultAppId.Span));
        Assert.Equal(("kvin-nb1", "docker-compose", "kms"), (compose.Name, compose.Runner, compose.KeyProvider));
    }

    [Theory]
    [InlineData("1e21", "1e+21")]
    [InlineData("123456789012345680000", "123456789012345680000")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("-0", "0")]
    [InlineData("1.0", "1")]
    [InlineData("9007199254740993", "9007199254740992")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    [InlineData("-12.5e-9", "-1.25e-8")]
    [InlineData("100", "100")]
    [InlineData("0.1", "0.1")]
    [InlineData("9.999999999999999e20", "999999999999999900000")]
    [InlineData("1e22", "1e+22")]
    public void Numbers_are_written_as_ECMAScript_does(string json, string expected)
    {
        using JsonDocument value = JsonDocument.Parse(json);
        Assert.Equal(expected, Encoding.UTF8.GetString(CanonicalJson.Write(value.RootElement)));
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("\"\\ud800\"")]
    public void What_has_no_canonical_form_is_refused(string json)
    {
        using JsonDocument value = JsonDocument.Parse(json);
        Assert.Throws<FormatException>(() => CanonicalJson.Write(value.RootElement));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}")]
    [InlineData("{\"name\":\"\\ud800\"}")]
    [InlineData("{\"a\":1")]
    [InlineData("\u0000")]
    public void What_is_no_app_compose_file_is_refused_with_a_finding(string text)
    {
        Assert.False(AppCompose.TryParse(Encoding.UTF8.GetBytes(text), out _, out Finding? refusal));
        Assert.Equal("APP_COMPOSE_NOT_READ", refusal.Code);
    }

    [Fact]
    public void Deep_nesting_is_refused_and_not_followed() =>
        Assert.False(AppCompose.TryParse(Encoding.UTF8.GetBytes(new string('[', 100_000)), out _, out _));
}
