namespace Witan.Agent;

/// <summary>
/// What verified evidence says of where and what an agent runs. One line of text, so that it can be stored beside an admission:
/// what is revoked later is found by it.
/// </summary>
/// <param name="Instance">Instance id of the guest, hexadecimal; <c>local</c> in LOCAL_MODE.</param>
/// <param name="Platform">SHA-256 of the platform's PPID, hexadecimal; empty in LOCAL_MODE.</param>
/// <param name="Measurement">MRTD, or MRENCLAVE of an enclave, hexadecimal; empty in LOCAL_MODE.</param>
/// <param name="Compose">Compose hash, hexadecimal; empty where there is none.</param>
/// <param name="Policy">Hash of the policy it was admitted under, hexadecimal.</param>
public sealed record AdmittedMachine(string Instance, string Platform, string Measurement, string Compose, string Policy)
{
    /// <summary>LOCAL_MODE: nothing is known.</summary>
    public static AdmittedMachine Local { get; } = new("local", "", "", "", "");

    /// <summary>Reads the text form; what does not have it is an instance of which nothing else is known.</summary>
    public static AdmittedMachine Parse(string text) => text.Split('/') is [var instance, var platform, var measurement, var compose, var policy]
        ? new AdmittedMachine(instance, platform, measurement, compose, policy)
        : Local with { Instance = text };

    /// <summary>The text form.</summary>
    public override string ToString() => $"{Instance}/{Platform}/{Measurement}/{Compose}/{Policy}";
}
