using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>
/// Whether a server has told Intel its keys, which its BIOS says in the EFI variable SgxRegistrationStatus: version and size (two
/// bytes each), status (two bytes: bit 0 complete, bit 1 package information saved), error code (a byte; its highest bit is set
/// by software, clear by the BIOS). Software sets bit 0 also where Intel's service refused for good, and then leaves its error
/// there; on success it sets the error to 0. Without registration such a platform has no PCK certificate, for SGX and for TDX.
/// </summary>
internal static class Registration
{
    public const string Id = "attestation.registration";

    private const int Length = 7;

    // From here on an error was written by software.
    private const byte BySoftware = 0x80;

    public static Check Build(MachineSnapshot snapshot, bool harmless)
    {
        Reading reading = snapshot[Section.Efi, EfiVariables.RegistrationStatus];
        bool? isRegistered = IsRegistered(snapshot);
        return new Check(Id, "Platform registered with Intel", Marks.Optional(isRegistered))
        {
            Rule = "the EFI variable SgxRegistrationStatus: bit 0 of its status, and no error of software; where the BIOS asks for no registration there is no such variable",
            Evidence = [Evidence(snapshot)],
            Problem = isRegistered == true ? null : Unregistered(snapshot, harmless),
        }.HiddenIf(reading.IsMissing, "the BIOS says nothing of a registration")
            .HiddenIf(!reading.HasValue && !reading.IsFailure, "what the BIOS says of a registration is not recorded");
    }

    /// <summary>Null where the platform does not say.</summary>
    public static bool? IsRegistered(MachineSnapshot snapshot) => Said(snapshot) is { } said ? IsComplete(said) && said.Error < BySoftware : null;

    /// <summary>What stands behind "not registered", or behind a variable that cannot be read.</summary>
    public static Problem Unregistered(MachineSnapshot snapshot, bool harmless)
    {
        Problem Open(ProblemState state, string cause, string remedy, Actor actor) => Problem.Of(
            state, "ATTESTATION_NOT_REGISTERED",
            harmless
                ? "The BIOS does not say that this platform is registered with Intel; it does not matter, because a quote was prepared."
                : "This platform is not registered with Intel: it has no PCK certificate, and makes no quote that others accept.",
            Evidence(snapshot), cause, $"{remedy} Where it was registered in another way, --attest shows it.", actor, harmless);

        const string Again = "reset SGX to factory values in the BIOS, and register again.";
        return Said(snapshot) switch
        {
            null => Lines.Unread(
                "ATTESTATION_REGISTRATION_UNREADABLE", "Whether the platform is registered", Evidence(snapshot), WhyUnread(snapshot[Section.Efi, EfiVariables.RegistrationStatus]),
                "Run mpa_manage -get_registration_status as root.", harmless: true),
            { Error: >= BySoftware } said when IsComplete(said) => Open(
                ProblemState.Failed, $"Intel's service refused the registration (0x{said.Error:X2}); it will not be tried again by itself.",
                $"See /var/log/mpa_registration.log; {Again}", Actor.BiosOwner),
            { Error: 0 } => Open(
                ProblemState.Absent, "The BIOS asks for a registration, and no software has made it.",
                "Run Intel's registration agent (mpa_registration_tool) on this host, with access to Intel's registration service, and reboot.", Actor.PackageOwner),
            { Error: >= BySoftware } => Open(
                ProblemState.Failed, "The registration agent tried and failed.",
                "See /var/log/mpa_registration.log; the agent needs Intel's registration service, through a proxy if there is one.", Actor.PackageOwner),
            _ => Open(ProblemState.Failed, "The BIOS could not make the registration's data.", $"Update the BIOS, {Again}", Actor.BiosOwner),
        };
    }

    public static string Evidence(MachineSnapshot snapshot) => Said(snapshot) is { } said
        ? $"EFI variable SgxRegistrationStatus: {(IsComplete(said) ? "complete" : "not complete")}, error 0x{said.Error:x2}"
        : $"EFI variable SgxRegistrationStatus: {snapshot[Section.Efi, EfiVariables.RegistrationStatus]}";

    private static bool IsComplete((ushort Status, byte Error) said) => (said.Status & 1) != 0;

    private static string WhyUnread(Reading reading) => reading switch
    {
        { IsRefused: true } => "The EFI variable is refused to this user.",
        { Error: "ENODATA" } => "The EFI variable is empty.",
        { IsFailure: true } => $"The EFI variable could not be read: {reading.Error}.",
        _ => "The EFI variable is not of version 1.",
    };

    private static (ushort Status, byte Error)? Said(MachineSnapshot snapshot) =>
        EfiVariables.Bytes(snapshot, EfiVariables.RegistrationStatus) is { Length: Length } bytes && BinaryPrimitives.ReadUInt16LittleEndian(bytes) == 1
            ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4)), bytes[6])
            : null;
}
