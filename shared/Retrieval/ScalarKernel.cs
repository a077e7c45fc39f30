namespace Recommender.Retrieval;

/// <summary>The reference: one number after another, the definition the other kernels are tested against.</summary>
internal sealed unsafe class ScalarKernel : Kernel
{
    public override string Name => "scalar";

    public override float Dot(float* x, float* y, int length)
    {
        float sum = 0;
        for (int j = 0; j < length; j++) sum += x[j] * y[j];
        return sum;
    }
}
