using System.Security.Cryptography;
using Witan.Machine;

namespace Witan.Tests.Machine.Launching;

/// <summary>A folder with an enclave and its signature, both made here, as <c>--whitelisted-enclave</c> takes it; or with what is none.</summary>
internal sealed class EnclaveFolder : IDisposable
{
    public EnclaveFolder()
    {
        using var key = RSA.Create();
        key.ImportRSAPrivateKey(Convert.FromBase64String(TestEnclaveKey.Pkcs1), out _);
        File.WriteAllBytes(Image, MeasurementTests.Stream(Blueprint));
        File.WriteAllBytes(Signature, Sign(Blueprint.Measure(), key));
    }

    public EnclaveBlueprint Blueprint { get; } = EnclaveBlueprint.Smallest();

    public string Path { get; } = Directory.CreateTempSubdirectory("witan-enclave-").FullName;

    private string Image => System.IO.Path.Combine(Path, "one.sgxs");

    private string Signature => System.IO.Path.Combine(Path, "one.sig");

    public void Spoil(string what)
    {
        using var key = RSA.Create();
        key.ImportRSAPrivateKey(Convert.FromBase64String(TestEnclaveKey.Pkcs1), out _);
        switch (what)
        {
            case "empty":
                File.Delete(Image);
                File.Delete(Signature);
                break;
            case "two":
                File.Copy(Image, System.IO.Path.Combine(Path, "two.sgxs"));
                break;
            case "no signature":
                File.Delete(Signature);
                break;
            case "another's signature":
                File.WriteAllBytes(Signature, Sign(new byte[32], key));
                break;
            case "no image":
                File.WriteAllText(Image, "no image");
                break;
            case "no SIGSTRUCT":
                File.WriteAllText(Signature, "no signature");
                break;
            case "long":
                File.WriteAllBytes(Signature, new byte[SigStruct.Size + 1]);
                break;
            case "dangling":
                File.Delete(Image);
                File.CreateSymbolicLink(Image, "/nowhere/one.sgxs");
                break;
            case "missing":
                Directory.Delete(Path, recursive: true);
                break;
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static byte[] Sign(byte[] measurement, RSA key) =>
        SigStruct.Sign(new EnclaveIdentity(measurement, LaunchProbe.Mode64, 3), key).Bytes;
}
