using System.Buffers.Binary;
using System.Numerics;

namespace Witan.Crypto;

/// <summary>
/// Keccak as submitted to the SHA-3 competition, the hash of Ethereum: the sponge of SHA-3 with the padding byte 0x01 in place
/// of 0x06. Neither .NET nor libcrypto 3.0 has it. Not for secrets that must not leave traces in memory: the state is not zeroed.
/// </summary>
public static class Keccak
{
    private const byte KeccakPadding = 0x01;

    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
        0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
        0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    // Rho offsets and pi targets, walked along the one cycle that pi makes of the 24 lanes other than the first.
    private static ReadOnlySpan<byte> Rotations => [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];

    private static ReadOnlySpan<byte> Lanes => [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];

    /// <summary>Keccak-256: 32 bytes.</summary>
    public static byte[] Hash256(ReadOnlySpan<byte> data) => Hash(data, 32, KeccakPadding);

    /// <summary>Keccak-384: 48 bytes.</summary>
    public static byte[] Hash384(ReadOnlySpan<byte> data) => Hash(data, 48, KeccakPadding);

    /// <summary>Keccak-512: 64 bytes.</summary>
    public static byte[] Hash512(ReadOnlySpan<byte> data) => Hash(data, 64, KeccakPadding);

    /// <summary>The sponge with capacity of twice the output. Padding 0x06 gives SHA-3, which is how it is tested.</summary>
    internal static byte[] Hash(ReadOnlySpan<byte> data, int size, byte padding)
    {
        Span<ulong> state = stackalloc ulong[25];
        state.Clear();
        int rate = 200 - (2 * size);
        for (; data.Length >= rate; data = data[rate..])
            Absorb(state, data[..rate]);
        Span<byte> last = stackalloc byte[rate];
        last.Clear();
        data.CopyTo(last);
        last[data.Length] = padding;
        last[^1] |= 0x80;
        Absorb(state, last);
        byte[] result = new byte[size];
        for (int i = 0; i < size / 8; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(result.AsSpan(8 * i), state[i]);
        return result;
    }

    private static void Absorb(Span<ulong> state, ReadOnlySpan<byte> block)
    {
        for (int i = 0; i < block.Length / 8; i++)
            state[i] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
        Permute(state);
    }

    private static void Permute(Span<ulong> state)
    {
        Span<ulong> columns = stackalloc ulong[5];
        foreach (ulong constant in RoundConstants)
        {
            for (int x = 0; x < 5; x++)
                columns[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
            for (int x = 0; x < 5; x++)
            {
                ulong mix = columns[(x + 4) % 5] ^ BitOperations.RotateLeft(columns[(x + 1) % 5], 1);
                for (int y = 0; y < 25; y += 5)
                    state[x + y] ^= mix;
            }

            ulong carried = state[1];
            for (int i = 0; i < 24; i++)
                (carried, state[Lanes[i]]) = (state[Lanes[i]], BitOperations.RotateLeft(carried, Rotations[i]));
            for (int y = 0; y < 25; y += 5)
            {
                state.Slice(y, 5).CopyTo(columns);
                for (int x = 0; x < 5; x++)
                    state[x + y] = columns[x] ^ (~columns[(x + 1) % 5] & columns[(x + 2) % 5]);
            }

            state[0] ^= constant;
        }
    }
}
