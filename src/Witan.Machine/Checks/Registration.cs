using System.Buffers.Binary;

namespace Witan.Machine;

/// <summary>
/// Whether a server has told Intel its keys, which its BIOS says in the EFI variable SgxRegistrationStatus: version and size (two
/// bytes each), status (two bytes: bit 0 registered, bit 1 package information saved), error code (a byte; its highest bit is set
/// by software, clear by the BIOS). Without registration such a platform has no PCK certificate, for SGX and for TDX.
/// </summary>
internal static class Registration
{
    private const int Length = 7;

    public static Check Build(MachineSnapshot snapshot)
    {
        Reading reading = snapshot[Section.Efi, EfiVariables.RegistrationStatus];
        (ushort Status, byte Error)? said = Said(snapshot);
        bool? isRegistered = said is { } value ? (value.Status & 1) != 0 : null;
        return new Check("attestation.registration", "Platform registered with Intel", Marks.Optional(isRegistered))
        {
            Rule = "the EFI variable SgxRegistrationStatus, bit 0 of its status; where the BIOS asks for no registration there is no such variable",
            Evidence = [Evidence(snapshot)],
            Problem = isRegistered == true ? null : Unregistered(snapshot, said),
        }.HiddenIf(!reading.HasValue && !reading.IsRefused, "the BIOS says nothing of a registration");
    }

    public static string Evidence(MachineSnapshot snapshot) => Said(snapshot) is { } said
        ? $"EFI variable SgxRegistrationStatus: {((said.Status & 1) != 0 ? "registered" : "not registered")}, error 0x{said.Error:x2}"
        : $"EFI variable SgxRegistrationStatus: {snapshot[Section.Efi, EfiVariables.RegistrationStatus]}";

    private static (ushort Status, byte Error)? Said(MachineSnapshot snapshot) =>
        EfiVariables.Bytes(snapshot, EfiVariables.RegistrationStatus) is { Length: Length } bytes && BinaryPrimitives.ReadUInt16LittleEndian(bytes) == 1
            ? (BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(4)), bytes[6])
            : null;

    private static Problem Unregistered(MachineSnapshot snapshot, (ushort Status, byte Error)? said)
    {
        Problem Open(string cause, string remedy, Actor actor) =>
            Problem.Of(ProblemState.Failed, "ATTESTATION_NOT_REGISTERED", "This platform is not registered with Intel: it has no PCK certificate, and makes no quote that others accept.", Evidence(snapshot), cause, remedy, actor);
        return said switch
        {
            null => Lines.Unread(
                "ATTESTATION_REGISTRATION_UNREADABLE", "Whether the platform is registered", Evidence(snapshot),
                snapshot[Section.Efi, EfiVariables.RegistrationStatus].IsRefused ? "The EFI variable is refused to this user." : "The EFI variable is not of version 1.",
                "Run mpa_manage -get_registration_status as root.", harmless: true),
            { Error: 0 } => Open("The BIOS asks for a registration, and no software has made it.", "Run Intel's registration agent (mpa_registration_tool) on this host, with access to Intel's registration service, and reboot.", Actor.PackageOwner),
            { Error: >= 0x80 } => Open("The registration agent tried and failed.", "See /var/log/mpa_registration.log; the agent needs Intel's registration service, through a proxy if there is one.", Actor.PackageOwner),
            _ => Open("The BIOS could not make the registration's data.", "Reset SGX to factory values in the BIOS, update the BIOS, and register again.", Actor.BiosOwner),
        };
    }
}
