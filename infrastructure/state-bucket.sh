#!/bin/sh
# Makes the bucket of Terraform's state, private, versioned and encrypted, and writes backend.hcl: state-bucket.sh [NAME] [REGION]
# Doing it again changes nothing. It needs the AWS CLI, signed in as an administrator.
set -eu
cd "$(dirname "$0")"
command -v aws >/dev/null || { echo "aws is not installed: https://aws.amazon.com/cli" >&2; exit 1; }
region=${2:-${AWS_REGION:-eu-central-1}}
account=$(aws sts get-caller-identity --query Account --output text)
bucket=${1:-online-course-terraform-$account}

if ! aws s3api head-bucket --bucket "$bucket" 2>/dev/null; then
    # us-east-1 is the one region that must not be named.
    if [ "$region" = us-east-1 ]; then
        aws s3api create-bucket --bucket "$bucket" --region "$region" >/dev/null
    else
        aws s3api create-bucket --bucket "$bucket" --region "$region" --create-bucket-configuration "LocationConstraint=$region" >/dev/null
    fi
fi
aws s3api put-public-access-block --bucket "$bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
aws s3api put-bucket-versioning --bucket "$bucket" --versioning-configuration Status=Enabled
aws s3api put-bucket-encryption --bucket "$bucket" --server-side-encryption-configuration \
    '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}'
aws s3api put-bucket-policy --bucket "$bucket" --policy "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Sid\": \"TLSOnly\", \"Effect\": \"Deny\",
    \"Principal\": \"*\", \"Action\": \"s3:*\", \"Resource\": [\"arn:aws:s3:::$bucket\", \"arn:aws:s3:::$bucket/*\"],
    \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"false\"}}}]}"
printf 'bucket = "%s"\nregion = "%s"\n' "$bucket" "$region" > backend.hcl
echo "The state is kept in s3://$bucket; infrastructure/backend.hcl says so to: terraform init -backend-config=backend.hcl"
