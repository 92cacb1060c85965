using System.Text.Json;
using Witan.Attestation;
using Witan.Tests.Harness;
using Xunit;

namespace Witan.Tests.Attestation.Ias;

/// <summary>A published report as it lies in the shared data: the body, its signature and its signer.</summary>
internal sealed record IasCase(byte[] Body, byte[] Signature, byte[] Certificate)
{
    /// <summary>A moment after the only signing certificate there was had expired.</summary>
    public static DateTimeOffset Now { get; } = new(2026, 11, 25, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<string> Signed => SharedData.Files("data/ias/reports", "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!);

    public static IasCase Load(string name)
    {
        string stem = SharedData.Path("data", "ias", "reports", name);
        return new IasCase(File.ReadAllBytes(stem + ".json"), File.ReadAllBytes(stem + ".sig.b64"), File.ReadAllBytes(stem + ".signer.pem"));
    }

    public static JsonElement Expected(string name)
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("data", "ias", "index.json")));
        return index.RootElement.EnumerateArray().Single(entry => entry.GetProperty("report").GetString() == $"reports/{name}.json").Clone();
    }

    public IasFacts Verify() => Verify(Body, Signature, Certificate, IasTrustRoot.Intel, Now);

    public static IasFacts Verify(ReadOnlyMemory<byte> file, ReadOnlyMemory<byte> signature, ReadOnlyMemory<byte> certificate, IasTrustRoot root, DateTimeOffset at)
    {
        Assert.True(TryVerify(file, signature, certificate, root, at, out IasFacts? facts, out Finding? refusal), refusal?.ToString());
        return facts!;
    }

    public static bool TryVerify(
        ReadOnlyMemory<byte> file, ReadOnlyMemory<byte> signature, ReadOnlyMemory<byte> certificate, IasTrustRoot root, DateTimeOffset at, out IasFacts? facts, out Finding? refusal)
    {
        facts = null;
        if (!IasEvidence.TryRead(file, signature, certificate, out IasEvidence? evidence, out refusal)
            || !IasReport.TryParse(evidence.Body, out IasReport? report, out refusal))
            return false;
        facts = IasVerifier.Verify(report, evidence, root, at);
        return true;
    }
}
