namespace Witan.Dstack.Evidence;

/// <summary>
/// What a caller knows about the one guest it talks to. Each value that is given must match; what is null is not compared. What is
/// acceptable in general is policy: <see cref="DstackPolicy"/>.
/// </summary>
public sealed record EvidenceExpectations
{
    /// <summary>Nothing is known beforehand.</summary>
    public static EvidenceExpectations None { get; } = new();

    /// <summary>What the quote must bind, 64 bytes: a nonce, a key, both.</summary>
    public ReadOnlyMemory<byte>? ReportData { get; init; }

    /// <summary>The app-compose file, byte for byte: its SHA-256 must be the measured compose hash.</summary>
    public ReadOnlyMemory<byte>? AppCompose { get; init; }

    /// <summary>Application id, 20 bytes.</summary>
    public ReadOnlyMemory<byte>? AppId { get; init; }

    /// <summary>Instance id, 20 bytes.</summary>
    public ReadOnlyMemory<byte>? InstanceId { get; init; }

    /// <summary>The text that <c>GpuInfo</c> answered: its SHA-256 must be the measured one.</summary>
    public string? GpuAttestation { get; init; }
}
