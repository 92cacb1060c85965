namespace Witan.Dstack.Evidence;

/// <summary>One entry of an event log as it was sent. Untrusted until the replay of its register equals the quoted one.</summary>
/// <param name="Register">Index of the measurement register, from 0.</param>
/// <param name="Type">Event type.</param>
/// <param name="Digest">What extends the register, 48 bytes; empty where the sender left it out, as for runtime events.</param>
/// <param name="Name">Name; empty for events of the firmware.</param>
/// <param name="Payload">Payload; often left out for events of the firmware.</param>
public sealed record EventLogEntry(int Register, uint Type, ReadOnlyMemory<byte> Digest, string Name, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Type of the entries of RTMR0 that measure ACPI data.</summary>
    public const uint AcpiDataType = 10;

    /// <summary>Version of the digest; anything but 1 and 2 is refused when the entry is checked.</summary>
    public int Version { get; init; } = 1;

    /// <summary>What the sender says was hashed; null where it sent nothing.</summary>
    public ReadOnlyMemory<byte>? Preimage { get; init; }

    /// <summary>Whether its type is that of the guest's own events.</summary>
    public bool IsRuntime => Type == RuntimeEvent.Type;

    /// <summary>The entry as a runtime event.</summary>
    public RuntimeEvent ToRuntimeEvent() => new(Name, Payload, (EventDigestVersion)Version);

    /// <summary>The entry that a guest writes for a runtime event, with its digest, and for version 2 its preimage.</summary>
    public static EventLogEntry Of(RuntimeEvent runtime) =>
        new(RuntimeEvent.Register, RuntimeEvent.Type, runtime.Digest(), runtime.Name, runtime.Payload)
        {
            Version = (int)runtime.Version,
            Preimage = runtime.Version == EventDigestVersion.V2 ? runtime.Preimage() : default(ReadOnlyMemory<byte>?),
        };
}
