namespace Witan.Machine;

/// <summary>Names of the Linux error numbers that probing meets.</summary>
internal static class Errno
{
    public const int Eperm = 1, Enoent = 2, Eintr = 4, Eio = 5, Enxio = 6, Ebadf = 9, Enomem = 12, Eacces = 13, Efault = 14, Ebusy = 16,
        Enodev = 19, Enotdir = 20, Einval = 22, Enotty = 25, Etimedout = 110, Econnrefused = 111;

    public static string Name(int number) => number switch
    {
        Eperm => "EPERM",
        Enoent => "ENOENT",
        Eintr => "EINTR",
        Eio => "EIO",
        Enxio => "ENXIO",
        Ebadf => "EBADF",
        Enomem => "ENOMEM",
        Eacces => "EACCES",
        Efault => "EFAULT",
        Ebusy => "EBUSY",
        Enodev => "ENODEV",
        Enotdir => "ENOTDIR",
        21 => "EISDIR",
        Einval => "EINVAL",
        Enotty => "ENOTTY",
        11 => "EAGAIN",
        17 => "EEXIST",
        29 => "ESPIPE",
        30 => "EROFS",
        36 => "ENAMETOOLONG",
        38 => "ENOSYS",
        40 => "ELOOP",
        61 => "ENODATA",
        95 => "EOPNOTSUPP",
        Etimedout => "ETIMEDOUT",
        Econnrefused => "ECONNREFUSED",
        _ => $"errno {number}",
    };
}
