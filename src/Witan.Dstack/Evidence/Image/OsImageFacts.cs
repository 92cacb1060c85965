namespace Witan.Dstack.Evidence;

/// <summary>How firmly the OS image is tied to the quote.</summary>
public enum OsImageBinding
{
    /// <summary>Nothing names an image.</summary>
    Absent,

    /// <summary>The vm_config names one, and nothing ties that name to the quote. Only a list of measurements can.</summary>
    Claimed,

    /// <summary>MRTD and RTMR0 to RTMR2 were computed from the named image's own manifest and equal the quoted ones.</summary>
    Measured,

    /// <summary>The vm_config contradicts itself or the quote.</summary>
    Contradicted,
}

/// <summary>
/// What is known of the OS image. Even a measured hash only says which image this is: whoever starts the TD chooses it, so that a
/// relying party must list the hashes it accepts.
/// </summary>
/// <param name="Binding">How firmly it is tied to the quote.</param>
/// <param name="Hash"><c>os_image_hash</c> of the vm_config, 32 bytes; null where none is named.</param>
/// <param name="Name">Name of the image as the host says; never bound.</param>
/// <param name="IsDevelopment">Whether that name is a development image's.</param>
public sealed record OsImageFacts(OsImageBinding Binding, ReadOnlyMemory<byte>? Hash, string? Name, bool IsDevelopment);
