using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Witan.Dstack.Evidence;

/// <summary>The registers that a TD has after booting an image on a machine of a size (lite TDX). 48 bytes each.</summary>
/// <param name="MrTd">MRTD.</param>
/// <param name="Rtmr0Log">The 13 digests that RTMR0 is extended with: firmware configuration.</param>
/// <param name="Rtmr1Log">The 5 digests that RTMR1 is extended with: kernel and boot calls.</param>
/// <param name="Rtmr2Log">The 2 digests that RTMR2 is extended with: command line and initial RAM disk.</param>
public sealed record ExpectedRegisters(
    ReadOnlyMemory<byte> MrTd, IReadOnlyList<byte[]> Rtmr0Log, IReadOnlyList<byte[]> Rtmr1Log, IReadOnlyList<byte[]> Rtmr2Log)
{
    /// <summary>How many ACPI digests RTMR0 holds: loader, RSDP, tables.</summary>
    public const int AcpiDigests = 3;

    private static readonly byte[] FirmwareVolume = Convert.FromHexString("344bc51c980ba621aaa00da3ed7436f7d6e549197dfe699515dfa2c6583d95e6412af21c097d473155875ffd561d6790");
    private static readonly byte[] BootOption = Convert.FromHexString("23ada07f5261f12f34a0bd8e46760962d6b4d576a416f1fea1c64bc656b1d28eacf7047ae6e967c58fd2a98bfa74c298");
    private static readonly Guid GlobalVariable = new("8BE4DF61-93CA-11D2-AA0D-00E098032B8C");
    private static readonly Guid ImageSecurityDatabase = new("D719B2CB-3D3A-4596-A3BC-DAD00E67656F");

    // The same for every guest, so computed once.
    private static readonly byte[][] Variables =
    [
        Variable(GlobalVariable, "SecureBoot"), Variable(GlobalVariable, "PK"), Variable(GlobalVariable, "KEK"),
        Variable(ImageSecurityDatabase, "db"), Variable(ImageSecurityDatabase, "dbx"),
    ];

    private static readonly byte[] Separator = SHA384.HashData([0, 0, 0, 0]);
    private static readonly byte[] BootOrder = SHA384.HashData([0, 0]);

    private static readonly byte[][] BootCalls =
    [
        SHA384.HashData("Calling EFI Application from Boot Option"u8), Separator,
        SHA384.HashData("Exit Boot Services Invocation"u8), SHA384.HashData("Exit Boot Services Returned with Success"u8),
    ];

    /// <summary>RTMR0.</summary>
    public ReadOnlyMemory<byte> Rtmr0 { get; } = MeasurementRegister.Fold(Rtmr0Log);

    /// <summary>RTMR1.</summary>
    public ReadOnlyMemory<byte> Rtmr1 { get; } = MeasurementRegister.Fold(Rtmr1Log);

    /// <summary>RTMR2.</summary>
    public ReadOnlyMemory<byte> Rtmr2 { get; } = MeasurementRegister.Fold(Rtmr2Log);

    /// <summary>
    /// Computes the registers. The ACPI digests come from the event log, and are bound because RTMR0 must match. Throws
    /// <see cref="ArgumentException"/> where the size of memory or the layout is not supported, or there are not three ACPI digests.
    /// </summary>
    /// <param name="image">The image's measurements.</param>
    /// <param name="memorySize">Size of memory in bytes.</param>
    /// <param name="twoPass">Whether QEMU adds and measures pages in two passes (8.0 up to, not including, 9.0).</param>
    /// <param name="acpi">Digests of the three ACPI entries of RTMR0, 48 bytes each, in order.</param>
    public static ExpectedRegisters Of(ImageMeasurement image, ulong memorySize, bool twoPass, IReadOnlyList<ReadOnlyMemory<byte>> acpi)
    {
        if (acpi.Count != AcpiDigests || acpi.Any(digest => digest.Length != MeasurementRegister.Size))
            throw new ArgumentException($"{AcpiDigests} ACPI digests of {MeasurementRegister.Size} bytes are needed", nameof(acpi));
        if (!TdHob.TryBuild(image.TdHob.Span, memorySize, out byte[]? hob))
            throw new ArgumentException("no hand-off blocks are known for this layout and size of memory", nameof(memorySize));
        return new ExpectedRegisters(
            twoPass ? image.MrTdTwoPass : image.MrTdSinglePass,
            [SHA384.HashData(hob), FirmwareVolume, .. Variables, Separator, .. acpi.Select(digest => digest.ToArray()), BootOrder, BootOption],
            [image.Kernel.ToArray(), .. BootCalls],
            [image.CommandLine.ToArray(), image.InitialRamDisk.ToArray()]);
    }

    // An absent EFI variable: vendor, lengths of name and data, name.
    private static byte[] Variable(Guid vendor, string name)
    {
        byte[] bytes = new byte[32 + (2 * name.Length)];
        vendor.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (ulong)name.Length);
        Encoding.Unicode.GetBytes(name, bytes.AsSpan(32));
        return SHA384.HashData(bytes);
    }
}
