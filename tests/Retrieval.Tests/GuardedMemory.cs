using System.Runtime.InteropServices;

namespace Recommender.Retrieval.Tests;

/// <summary>Memory that ends exactly at a page nobody may read, so that reading one byte too many ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private readonly nint _start;
    private readonly nuint _length;

    public GuardedMemory(int bytes)
    {
        nuint page = (nuint)Environment.SystemPageSize;
        nuint usable = ((nuint)bytes + page - 1) / page * page;
        _length = usable + page;
        const int ReadWrite = 3, PrivateAnonymous = 0x22;
        _start = Map(0, _length, ReadWrite, PrivateAnonymous, -1, 0);
        if (_start == -1) throw new InvalidOperationException($"mmap failed with {Marshal.GetLastPInvokeError()}.");
        if (Protect(_start + (nint)usable, page, 0) != 0)
            throw new InvalidOperationException($"mprotect failed with {Marshal.GetLastPInvokeError()}.");
        Pointer = (byte*)_start + usable - (nuint)bytes;
    }

    /// <summary>The first of the bytes asked for; the last is the last readable one.</summary>
    public byte* Pointer { get; }

    public static T* Copy<T>(ReadOnlySpan<T> values, List<GuardedMemory> owner)
        where T : unmanaged
    {
        var memory = new GuardedMemory(values.Length * sizeof(T));
        owner.Add(memory);
        values.CopyTo(new Span<T>(memory.Pointer, values.Length));
        return (T*)memory.Pointer;
    }

    public void Dispose() => _ = Unmap(_start, _length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(nint address, nuint length);
}
