namespace Recommender.Retrieval.Kernels;

/// <summary>One number at a time: the reference that the other kernels are tested against.</summary>
internal sealed unsafe class ScalarKernel : Kernel
{
    public override string Name => "scalar";

    public override float Dot(float* x, float* y, int length)
    {
        float sum = 0;
        for (int j = 0; j < length; j++) sum += x[j] * y[j];
        return sum;
    }

    public override void Dots(float* query, float* rows, int count, int rank, float* scores)
    {
        for (int i = 0; i < count; i++) scores[i] = Dot(query, rows + ((long)i * rank), rank);
    }

    internal override void DotsInt8(short* query, sbyte* rows, int stride, int count, int* sums)
    {
        for (int i = 0; i < count; i++)
        {
            sbyte* row = rows + ((long)i * stride);
            int sum = 0;
            for (int j = 0; j < stride; j++) sum += query[j] * row[j];
            sums[i] = sum;
        }
    }
}
