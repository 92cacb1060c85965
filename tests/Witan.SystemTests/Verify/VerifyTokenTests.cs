using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Witan.SystemTests.Council;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.SystemTests.Verify;

/// <summary>Tokens through the command: made over a real quote, checked offline, and checked by another implementation of JWS.</summary>
public sealed class VerifyTokenTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("witan-token-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("veraison")]
    [InlineData("rats-03")]
    public async Task A_token_over_a_real_quote_is_checked_offline(string profile)
    {
        string[] quote = await QuoteAsync();
        (int exit, string token, string error) = await WitanProgram.RunAsync(Cancel, [.. quote, "--token", "--token-profile", profile, "--token-key", Key("key.pem"), "--jwks", In("keys.json"), "--audience", "council"]);
        Assert.True(exit == 0, error);
        Assert.Contains("✓ accepted", error, StringComparison.Ordinal);
        await File.WriteAllTextAsync(In("v.jwt"), token, Cancel);

        (exit, string output, _) = await WitanProgram.RunAsync(Cancel, "verify", In("v.jwt"), "--jwks", In("keys.json"), "--audience", "council", "--json");
        // Genuine, and a verdict of the past: the collateral that it rests on has ended since.
        Assert.Equal(3, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal("TOKEN_COLLATERAL_STALE", Assert.Single(json.RootElement.GetProperty("findings").EnumerateArray(), finding => finding.GetProperty("severity").GetString() is "Undecided" or "Error").GetProperty("code").GetString());
        Assert.Equal("attestation-result", json.RootElement.GetProperty("evidence").GetProperty("kind").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("verdict").GetProperty("confidenceLevel").GetInt32());
        Assert.Equal("UpToDate", json.RootElement.GetProperty("tcb").GetProperty("status").GetString());

        // For somebody else, long after, under another key, or changed: refused.
        string changed = token.Replace(token[^20], token[^20] == 'A' ? 'B' : 'A');
        await File.WriteAllTextAsync(In("changed.jwt"), changed, Cancel);
        await WitanProgram.RunAsync(Cancel, [.. quote, "--token", "--token-key", Key("other.pem"), "--jwks", In("others.json")]);
        foreach (string[] arguments in new string[][]
        {
            [In("v.jwt"), "--jwks", In("keys.json")],
            [In("v.jwt"), "--jwks", In("keys.json"), "--audience", "council", "--at", "2030-01-01T00:00:00Z"],
            [In("v.jwt"), "--jwks", In("others.json"), "--audience", "council"],
            [In("changed.jwt"), "--jwks", In("keys.json"), "--audience", "council"],
        })
        {
            (exit, _, _) = await WitanProgram.RunAsync(Cancel, ["verify", .. arguments]);
            Assert.Equal(1, exit);
        }
    }

    [Fact]
    public async Task Node_verifies_what_we_sign()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/node"), "needs node");
        (_, string token, _) = await WitanProgram.RunAsync(Cancel, [.. await QuoteAsync(), "--token", "--token-key", Key("key.pem"), "--jwks", In("keys.json")]);
        await File.WriteAllTextAsync(In("v.jwt"), token, Cancel);
        const string Script = """
            const crypto = require('crypto'), fs = require('fs');
            const [head, body, signature] = fs.readFileSync(process.argv[1], 'utf8').trim().split('.');
            const kid = JSON.parse(Buffer.from(head, 'base64url')).kid;
            const key = crypto.createPublicKey({ key: JSON.parse(fs.readFileSync(process.argv[2])).keys.find(k => k.kid === kid), format: 'jwk' });
            const verify = text => crypto.verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
            process.stdout.write(`${verify(head + '.' + body)} ${verify(head + '.' + body.replace(/.$/, ''))}`);
            """;
        using Process node = Process.Start(new ProcessStartInfo("/usr/bin/node", ["-e", Script, In("v.jwt"), In("keys.json")]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        Assert.Equal("true false", await node.StandardOutput.ReadToEndAsync(Cancel));
        await node.WaitForExitAsync(Cancel);
    }

    [Fact]
    public async Task A_rejection_makes_a_token_and_missing_collateral_makes_none()
    {
        string[] quote = await QuoteAsync();
        string key = Key("key.pem");
        (int exit, string output, _) = await WitanProgram.RunAsync(Cancel, [.. quote, "--token", "--token-key", key, "--jwks", In("keys.json"), "--report-data", "00", "--json"]);
        Assert.Equal(1, exit);
        using JsonDocument json = JsonDocument.Parse(output);
        await File.WriteAllTextAsync(In("v.jwt"), json.RootElement.GetProperty("token").GetString(), Cancel);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, "verify", In("v.jwt"), "--jwks", In("keys.json"));
        Assert.Equal(1, exit);
        Assert.Contains("TOKEN_RESULT_REJECTED", output, StringComparison.Ordinal);
        (exit, output, _) = await WitanProgram.RunAsync(Cancel, quote[0], quote[1], "--token", "--token-key", key);
        Assert.Equal((3, ""), (exit, output));
    }

    [Fact]
    public async Task Wrong_use_is_one_line()
    {
        await File.WriteAllTextAsync(In("v.jwt"), "eyJhbGciOiJub25lIn0.e30.AA", Cancel);
        string[] quote = await QuoteAsync();
        foreach (string[] arguments in new string[][]
        {
            ["verify", In("v.jwt")],
            [.. quote, "--token"],
            [.. quote, "--token-key", Key("key.pem")],
            [.. quote, "--token", "--token-key", In("v.jwt")],
            [.. quote, "--token", "--token-key", Key("key.pem"), "--token-profile", "both"],
            [.. quote, "--token", "--token-key", Key("key.pem"), "--nonce", "00"],
        })
        {
            (int exit, string output, string error) = await WitanProgram.RunAsync(Cancel, arguments);
            Assert.Equal((2, ""), (exit, output));
            Assert.StartsWith("witan: error: ", error, StringComparison.Ordinal);
        }
    }

    private static async Task<string[]> QuoteAsync()
    {
        using JsonDocument json = JsonDocument.Parse(await File.ReadAllBytesAsync(SharedData.Path("data", "quotes", "cases", "v4-tdx-34f9062b08d4-ad7f13.json"), Cancel));
        JsonElement real = json.RootElement;
        string Shared(string member) => SharedData.Path("data", "quotes", real.GetProperty(member).GetString()!);
        return ["verify", Shared("quote"), "--collateral", Shared("collateral"), "--at", real.GetProperty("at").GetString()!];
    }

    private string Key(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(In(name), key.ExportPkcs8PrivateKeyPem());
        return In(name);
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
