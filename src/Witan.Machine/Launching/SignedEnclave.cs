using System.Diagnostics.CodeAnalysis;

namespace Witan.Machine;

/// <summary>Somebody else's enclave with its signature, out of a folder with one <c>.sgxs</c> and the <c>.sig</c> that belongs to it.</summary>
public sealed class SignedEnclave
{
    private const int MaximumImage = 16 << 20;

    private SignedEnclave(EnclaveBlueprint blueprint, SigStruct signature) => (Blueprint, Signature) = (blueprint, signature);

    internal EnclaveBlueprint Blueprint { get; }

    internal SigStruct Signature { get; }

    /// <summary>Reads the folder; <paramref name="problem"/> says what is wrong with it. Never throws on what it holds.</summary>
    public static bool TryRead(string folder, [NotNullWhen(true)] out SignedEnclave? enclave, [NotNullWhen(false)] out string? problem)
    {
        enclave = null;
        if (!TryReadOnly(folder, "sgxs", MaximumImage, out byte[]? image, out problem) || !TryReadOnly(folder, "sig", SigStruct.Size, out byte[]? signature, out problem))
            return false;
        if (!SgxsFile.TryRead(image, out EnclaveBlueprint? blueprint))
            problem = $"the .sgxs in {folder} is no enclave in the SGXS form";
        else if (!SigStruct.TryParse(signature, out SigStruct? signed))
            problem = $"the .sig in {folder} is no SIGSTRUCT of {SigStruct.Size} bytes";
        else if (!signed.MrEnclave.SequenceEqual(blueprint.Measure()))
            problem = $"the .sig in {folder} is of another enclave: its MRENCLAVE is not that of the .sgxs";
        else
            enclave = new SignedEnclave(blueprint, signed);
        return enclave is not null;
    }

    private static bool TryReadOnly(string folder, string extension, int maximum, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? problem)
    {
        (bytes, problem) = (null, null);
        try
        {
            string[] found = Directory.GetFiles(folder, $"*.{extension}");
            if (found.Length != 1)
                problem = $"{folder} holds {(found.Length == 0 ? "no" : found.Length)} .{extension} files, and one is needed";
            else if (!File.Exists(found[0]) || new FileInfo(found[0]).ResolveLinkTarget(returnFinalTarget: true) is { Exists: false })
                problem = $"{found[0]} is no file that can be read";
            else
                bytes = ReadAtMost(found[0], maximum);
            problem ??= bytes is null ? $"the .{extension} in {folder} has more than {maximum} bytes" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{folder} cannot be read: {e.Message}";
        }

        return bytes is not null;
    }

    private static byte[]? ReadAtMost(string path, int maximum)
    {
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[maximum + 1];
        int got = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return got > maximum ? null : buffer[..got];
    }
}
