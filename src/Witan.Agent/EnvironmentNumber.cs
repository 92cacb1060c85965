using System.Globalization;

namespace Witan.Agent;

/// <summary>Numbers in environment variables.</summary>
public static class EnvironmentNumber
{
    /// <summary>
    /// The value of a variable, 1 to <paramref name="most"/>; null where it is not set or empty. Throws <see cref="SettingException"/> for
    /// anything else.
    /// </summary>
    public static int? Of(string variable, int most = int.MaxValue) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 && value <= most
            ? value
            : throw new SettingException($"{variable} is {text}", most == int.MaxValue ? "a whole number above 0" : $"a whole number from 1 to {most}")
        : null;

    /// <summary>A TCP port; <paramref name="otherwise"/> where the variable is not set.</summary>
    public static int Port(string variable, int otherwise) => Of(variable, ushort.MaxValue) ?? otherwise;
}
