using Witan.Attestation;

namespace Witan.Machine;

/// <summary>Why a mark is not ✔. The three ways to be missing are never mixed up.</summary>
public enum ProblemState
{
    /// <summary>The hardware or software does not exist.</summary>
    Absent,

    /// <summary>It exists and is switched off.</summary>
    Disabled,

    /// <summary>It could not be looked at.</summary>
    Unreadable,

    /// <summary>It was tried and failed.</summary>
    Failed,
}

/// <summary>Who can change what a check found.</summary>
public enum Actor
{
    /// <summary>Nobody can, or nobody needs to.</summary>
    Nobody,

    /// <summary>Who sets up the firmware of this machine.</summary>
    BiosOwner,

    /// <summary>Who runs the operating system: kernel, modules, mounts, rights.</summary>
    KernelOwner,

    /// <summary>Who installs packages and runs services.</summary>
    PackageOwner,

    /// <summary>Who rents this machine out.</summary>
    CloudProvider,

    /// <summary>Who makes the processor.</summary>
    ChipVendor,

    /// <summary>Who builds the software in the TEE.</summary>
    EnclaveAuthor,
}

/// <summary>What stands behind a ✘ or a ?.</summary>
/// <param name="State">In which way it is missing.</param>
/// <param name="Actor">Who can change it.</param>
/// <param name="Finding">Code, sentence, cause (<see cref="Finding.Why"/>), remedy and evidence.</param>
public sealed record Problem(ProblemState State, Actor Actor, Finding Finding)
{
    /// <summary>The actor in words.</summary>
    public string ActorName => Name(Actor);

    internal static Problem Of(
        ProblemState state, string code, string sentence, string evidence, string cause, string remedy, Actor actor, bool harmless = false) =>
        new(state, actor, new Finding(code, Severity(state, harmless), sentence)
        {
            Evidence = evidence,
            Why = cause,
            Remedy = remedy,
            Actor = actor switch
            {
                Actor.Nobody or Actor.ChipVendor => FindingActor.Nobody,
                Actor.EnclaveAuthor => FindingActor.WorkloadOwner,
                _ => FindingActor.PlatformOperator,
            },
        });

    internal static string Name(Actor actor) => actor switch
    {
        Actor.BiosOwner => "BIOS owner",
        Actor.KernelOwner => "kernel owner",
        Actor.PackageOwner => "package owner",
        Actor.CloudProvider => "cloud provider",
        Actor.ChipVendor => "chip vendor",
        Actor.EnclaveAuthor => "enclave author",
        _ => "nobody",
    };

    private static FindingSeverity Severity(ProblemState state, bool harmless) =>
        harmless ? FindingSeverity.Note : state == ProblemState.Unreadable ? FindingSeverity.Undecided : FindingSeverity.Error;
}
