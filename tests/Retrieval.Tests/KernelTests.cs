using System.Diagnostics;
using Recommender.Retrieval.Kernels;
using Xunit;

namespace Recommender.Retrieval.Tests;

public sealed unsafe class KernelTests
{
    public static TheoryData<string> Kernels => [.. Kernel.Supported.Select(k => k.Name)];

    [Theory, MemberData(nameof(Kernels))]
    public void Dot_agrees_with_the_exact_sum_at_every_length_and_reads_nothing_beyond(string name)
    {
        Kernel kernel = Kernel.Choose(name);
        var random = new Random(1);
        var owned = new List<GuardedMemory>();
        for (int length = 0; length <= 256; length++)
        {
            float[] x = Data.Normal(random, length), y = Data.Normal(random, length);
            double exact = x.Zip(y, (a, b) => (double)a * b).Sum(), scale = x.Zip(y, (a, b) => Math.Abs((double)a * b)).Sum();
            float dot = kernel.Dot(GuardedMemory.Copy<float>(x, owned), GuardedMemory.Copy<float>(y, owned), length);
            Assert.True(Math.Abs(dot - exact) <= (length + 1) * scale * Math.Pow(2, -24), $"length {length}: {dot}, not {exact}");
            owned.ForEach(o => o.Dispose());
            owned.Clear();
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Dots_of_rows_equal_Dot_to_the_bit_at_every_count_and_length(string name)
    {
        Kernel kernel = Kernel.Choose(name);
        var random = new Random(2);
        var owned = new List<GuardedMemory>();
        for (int rank = 1; rank <= 256; rank += rank < 70 ? 1 : 13)
        {
            for (int count = 0; count <= 9; count++)
            {
                float[] query = Data.Normal(random, rank), rows = Data.Normal(random, rank * count);
                var scores = new float[count + 1];
                scores[count] = 123;
                fixed (float* s = scores) kernel.Dots(GuardedMemory.Copy<float>(query, owned), GuardedMemory.Copy<float>(rows, owned),
                    count, rank, s);
                for (int i = 0; i < count; i++) Assert.Equal(kernel.Dot(query, rows.AsSpan(i * rank, rank)), scores[i]);
                Assert.Equal(123, scores[count]);
                owned.ForEach(o => o.Dispose());
                owned.Clear();
            }
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Int8_sums_equal_the_scalar_ones_at_every_count_and_stride_and_at_the_extremes(string name)
    {
        Kernel kernel = Kernel.Choose(name), scalar = Kernel.Choose("scalar");
        var random = new Random(3);
        var owned = new List<GuardedMemory>();
        for (int stride = 16; stride <= 256; stride += 16)
        {
            for (int count = 0; count <= 35; count++)
            {
                bool extreme = count % 3 == 2;
                short[] query = [.. Enumerable.Range(0, stride)
                    .Select(_ => (short)(extreme ? short.MaxValue : random.Next(-32767, 32768)))];
                sbyte[] rows = [.. Enumerable.Range(0, stride * count).Select(_ => (sbyte)(extreme ? -127 : random.Next(-127, 128)))];
                var expected = new int[count + 1];
                var actual = new int[count + 1];
                expected[count] = actual[count] = 99;
                int[] slots = [.. Enumerable.Range(0, count).Select(_ => random.Next(count))];
                short* q = GuardedMemory.Copy<short>(query, owned);
                sbyte* r = GuardedMemory.Copy<sbyte>(rows, owned);
                fixed (int* e = expected, a = actual, s = slots)
                {
                    scalar.DotsInt8(q, r, stride, count, e);
                    kernel.DotsInt8(q, r, stride, count, a);
                    Assert.Equal(expected, actual);
                    kernel.DotsInt8At(q, r, stride, s, count, a);
                    for (int i = 0; i < count; i++) Assert.Equal(expected[slots[i]], actual[i]);
                    Assert.Equal(99, actual[count]);
                }

                if (extreme) Assert.All(expected[..count], v => Assert.Equal(-127 * short.MaxValue * stride, v));
                owned.ForEach(o => o.Dispose());
                owned.Clear();
            }
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Narrow_sums_are_exact_for_every_number_of_rows_also_at_the_extremes(string name)
    {
        Kernel kernel = Kernel.Choose(name);
        var random = new Random(7);
        var owned = new List<GuardedMemory>();
        int[] strides = [.. Enumerable.Range(1, 16).Select(n => 16 * n).Where(kernel.HasNarrow)];
        // Those that can do without go without, by the definition they inherit.
        Assert.Equal(name is "avx512" or "avxvnni" or "avx2", strides.Length > 0);
        foreach (int stride in strides.DefaultIfEmpty(48))
        {
            for (int count = 0; count <= 35; count++)
            {
                bool extreme = count % 3 == 2;
                byte[] query = [.. Enumerable.Range(0, stride)
                    .Select(_ => (byte)(extreme ? Kernel.LargestNarrow : random.Next(Kernel.LargestNarrow + 1)))];
                sbyte[] rows = [.. Enumerable.Range(0, stride * count).Select(_ => (sbyte)(extreme ? -127 : random.Next(-127, 128)))];
                int[] offsets = [.. Enumerable.Range(0, count).Select(_ => random.Next(-100_000, 100_000))];
                var actual = new int[count + 1];
                actual[count] = 99;
                byte* q = GuardedMemory.Copy<byte>(query, owned);
                sbyte* r = GuardedMemory.Copy<sbyte>(rows, owned);
                int* o = GuardedMemory.Copy<int>(offsets, owned);
                fixed (int* a = actual) kernel.DotsNarrow(q, r, o, stride, count, a);
                for (int i = 0; i < count; i++) Assert.Equal(Enumerable.Range(0, stride)
                    .Sum(j => query[j] * rows[(i * stride) + j]) - offsets[i], actual[i]);
                Assert.Equal(99, actual[count]);
                owned.ForEach(m => m.Dispose());
                owned.Clear();
            }
        }
    }

    [Theory, MemberData(nameof(Kernels))]
    public void Survivors_are_those_not_below_the_threshold_NaN_included(string name)
    {
        Kernel kernel = Kernel.Choose(name);
        var random = new Random(4);
        var owned = new List<GuardedMemory>();
        for (int count = 0; count <= 100; count++)
        {
            int[] sums = [.. Enumerable.Range(0, count).Select(_ => random.Next(-3, 4))];
            float[] scales = [.. Enumerable.Range(0, count).Select(_ => random.Next(12) == 0 ? float.NaN : random.Next(1, 3))];
            var bound = new Bound(0.5f, 0.25f, 1);
            int[] survivors = new int[count];
            int found;
            fixed (int* v = survivors) found = kernel.Survivors(GuardedMemory.Copy<int>(sums, owned),
                GuardedMemory.Copy<float>(scales, owned), count, bound, 1.75f, v);
            int[] expected = [.. Enumerable.Range(0, count)
                .Where(i => float.IsNaN(scales[i]) || (scales[i] * ((0.5f * sums[i]) + 0.25f)) + 1 >= 1.75f)];
            Assert.Equal(expected, survivors[..found]);
            owned.ForEach(o => o.Dispose());
            owned.Clear();
        }
    }

    [Fact]
    public void A_kernel_can_be_forced_by_name_and_an_unknown_one_is_refused_with_the_choices()
    {
        Assert.Equal("scalar", Kernel.Choose("Scalar").Name);
        Assert.Same(Kernel.Supported[0], Kernel.Choose(null));
        Assert.Contains("scalar", Assert.Throws<ArgumentException>(() => Kernel.Choose("abacus")).Message);
    }

    [Fact]
    public void An_over_read_would_end_the_process()
    {
        // The control of the tests above: the same memory, read one number too far, in a process of its own.
        if (Environment.GetEnvironmentVariable("RECOMMENDER_OVER_READ") is not null)
        {
            var memory = new GuardedMemory(16 * sizeof(float));
            Kernel.Default.Dot((float*)memory.Pointer, (float*)memory.Pointer, 17);
            return;
        }

        var start = new ProcessStartInfo("dotnet",
            [typeof(KernelTests).Assembly.Location,
                "-method", $"{typeof(KernelTests).FullName}.{nameof(An_over_read_would_end_the_process)}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RECOMMENDER_OVER_READ"] = "1";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using Process process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Assert.True(process.WaitForExit(60_000));
        // Ended by a signal: a test that merely failed would exit with a small number.
        Assert.True(process.ExitCode > 128, $"The process exited with {process.ExitCode}.");
    }
}
