using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Witan.Agent;
using Witan.Attestation;
using Witan.Crypto;
using Witan.Dstack.Simulator.Pki;
using Witan.Tests.Harness;
using Witan.Worker.Models;
using Witan.Worker.Signers;
using SimulatedMachine = Witan.Dstack.Simulator.SimulatedCvm;

namespace Witan.Tests.Models.Signers;

/// <summary>A provider's TD under a development root: it holds a signing key and attests it, in the shape that NEAR AI's service has.</summary>
internal sealed class ProviderTee : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("witan-provider").FullName;
    private readonly byte[] _seed = RandomNumberGenerator.GetBytes(32);
    private readonly DevelopmentPki _pki;
    private readonly TdQuoteAuthor _author;

    public ProviderTee()
    {
        _pki = new DevelopmentPki(_seed);
        _author = new TdQuoteAuthor(_pki, _seed);
        Machine = new SimulatedMachine(_seed, _author, "inference", "one");
        Clock = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        File.WriteAllText(RootFile, _pki.RootPem);
        WriteCollateral(Clock.GetUtcNow());
    }

    public SimulatedMachine Machine { get; }

    public ManualTimeProvider Clock { get; }

    public string CollateralPath => Path.Combine(_folder, "collateral.json");

    public string RootFile => Path.Combine(_folder, "root.pem");

    public CollateralFile Collateral => new(TextOrFile.Of(CollateralPath), JudgeSettings.Root(RootFile), Clock);

    public static SignerPolicy Policy { get; } = new(AppraisalPolicy.Phala with { AcceptSimulated = true });

    public byte[] PublicKey => Ed25519.PublicKey(_seed);

    public string Address => Convert.ToHexStringLower(PublicKey);

    public AnswerKey Key => new(AnswerSigner.ProviderTee, "ed25519", Address);

    public void WriteCollateral(DateTimeOffset at) => File.WriteAllBytes(CollateralPath, _pki.Collateral(at));

    /// <summary>The signature over an answer, as the provider serves it.</summary>
    public string Signature(byte[] request, byte[] response, string kind = "provider_tee")
    {
        string hashes = $"{Convert.ToHexStringLower(SHA256.HashData(request))}:{Convert.ToHexStringLower(SHA256.HashData(response))}";
        string text = kind == "gateway" ? hashes : $"test-model:{hashes}";
        return new JsonObject
        {
            ["text"] = text,
            ["signature"] = Convert.ToHexStringLower(Ed25519.Sign(_seed, Encoding.UTF8.GetBytes(text))),
            ["signing_address"] = Address,
            ["signing_algo"] = "ed25519",
            ["signature_kind"] = kind,
        }.ToJsonString();
    }

    /// <summary>An honest report over a nonce.</summary>
    public JsonObject Report(string nonce) => new()
    {
        ["gateway_attestation"] = null,
        ["model_attestations"] = new JsonArray(Attestation(nonce)),
    };

    /// <summary>An honest attestation over a nonce.</summary>
    public JsonObject Attestation(string nonce)
    {
        byte[] data = [.. PublicKey, .. Convert.FromHexString(nonce)];
        return new JsonObject
        {
            ["signing_address"] = Address,
            ["signing_algo"] = "ed25519",
            ["request_nonce"] = nonce,
            ["intel_quote"] = Convert.ToHexStringLower(Machine.Quote(data)),
            ["report_data"] = Convert.ToHexStringLower(data),
            ["event_log"] = Machine.Log.ToJson(),
            ["nvidia_payload"] = $$"""{"nonce":"{{nonce}}","evidence_list":[],"arch":"HOPPER"}""",
            ["info"] = new JsonObject { ["tcb_info"] = Machine.TcbInfo() },
        };
    }

    /// <summary>A quote over other report data.</summary>
    public string Quote(byte[] data) => Convert.ToHexStringLower(Machine.Quote(data));

    /// <summary>The machine's quote with other attributes of the TD, or another configuration id.</summary>
    public string Quote(byte[] data, ulong attributes, byte[]? mrConfigId = null)
    {
        TdReport td = Witan.Attestation.Quote.TryParse(Machine.Quote(data), out Quote? quote, out _) ? quote.TdReport : throw new InvalidOperationException();
        var measured = new TdMeasurements(td.MrTd.ToArray(), mrConfigId ?? td.MrConfigId.ToArray(), [.. Enumerable.Range(0, 4).Select(i => td.Rtmr(i).ToArray())]);
        return Convert.ToHexStringLower(_author.Quote(measured with { Attributes = attributes }, data));
    }

    public void Dispose()
    {
        Machine.Dispose();
        _author.Dispose();
        _pki.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
